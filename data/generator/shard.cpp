#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "data/error.hpp"
#include "data/generator/generator.hpp"
#include "data/generator/output_file.hpp"
#include "data/generator/world.hpp"

namespace lockstep::generator {
namespace {

/// Organic actions are dealt to the shards in blocks, so that every shard holds popular and rare objects.
constexpr std::uint64_t block_actions = 4096;

void append_number(std::uint64_t number, std::string& text) {
  const fmt::format_int digits(number);
  text.append(digits.data(), digits.size());
}

void append_row(const Plan& plan, std::uint64_t account, const Object& object, std::int64_t time,
                const Attributes& attributes, std::string& text) {
  append_account_name(plan, account, text);
  text += ',';
  text += object.url;
  text += ',';
  append_number(static_cast<std::uint64_t>(time), text);
  for (const std::string_view word :
       {attributes.platform, attributes.language, attributes.kind, attributes.region}) {
    text += ',';
    text += word;
  }
  text += ',';
  append_number(attributes.followers, text);
  text += '\n';
}

/// Writes organic actions begin … end − 1.
void write_organic(const Plan& plan, std::uint64_t begin, std::uint64_t end, OutputFile& file) {
  Object object;
  std::uint64_t rank = object_of_action(plan, begin);
  for (std::uint64_t action = begin; action < end; ++rank) {
    const std::uint64_t object_end = std::min(end, first_action(plan, rank + 1));
    if (action >= object_end) continue;
    describe_object(plan, rank, object);
    for (; action < object_end; ++action) {
      Draws draws(plan.options.seed, Stream::organic, action);
      const std::uint64_t account = organic_account(plan, object.audience, draws);
      const auto audience = static_cast<std::uint32_t>(account % audiences.size());
      const std::int64_t time = reaction_time(plan, object, audience, draws);
      append_row(plan, account, object, time, organic_attributes(plan, account), file.buffer());
    }
    file.flush_if_full();
  }
}

/// One group acting on one object.
struct Event {
  std::uint64_t index;  ///< over all kinds
  const GroupKind& kind;
  std::uint64_t group;    ///< within the kind
  std::uint64_t ordinal;  ///< of the object within the group
};

Event find_event(const Plan& plan, std::uint64_t index) {
  std::size_t kind = plan.kinds.size() - 1;
  while (plan.kinds[kind].events() == 0 || plan.kinds[kind].first_event > index) --kind;
  const std::uint64_t local = index - plan.kinds[kind].first_event;
  return {index, plan.kinds[kind], local / plan.kinds[kind].objects, local % plan.kinds[kind].objects};
}

/// The object of an event: an organic one that is boosted, of any popularity and another one each time,
/// or one of the group's own.
void describe_target(const Plan& plan, const Event& event, std::uint32_t audience, Draws& draws,
                     Object& object) {
  const GroupKind& kind = event.kind;
  // Spread over the ordinals, so that every cell boosts its share: ordinal/cells counts within the cell.
  const std::uint64_t turns = event.ordinal / kind.cells;
  const auto turn = static_cast<double>(turns);
  const bool boosted = std::floor((turn + 1) * kind.boosted_share) > std::floor(turn * kind.boosted_share);
  if (!boosted) {
    const std::uint64_t own = event.group * kind.objects + event.ordinal;
    return describe_object(plan, kind.first_object + own, audience, object);
  }
  const double place =
      (static_cast<double>(event.ordinal) + draws.uniform()) / static_cast<double>(kind.objects);
  const auto objects = static_cast<double>(plan.options.objects);
  const auto rank = static_cast<std::uint64_t>(place * place * objects);  // the square favours popular ones
  describe_object(plan, std::min(rank, plan.options.objects - 1), object);
}

std::int64_t member_delay(const GroupKind& kind, double share) {
  if (kind.spread == Spread::uniform) return static_cast<std::int64_t>(share * (kind.delay_seconds + 1));
  constexpr double cut_off_means = 4;
  const double reached = 1 - std::exp(-cut_off_means);
  return static_cast<std::int64_t>(-kind.delay_seconds * std::log1p(-share * reached));
}

/// Writes what a member does besides the coordinated action: things that organic accounts do.
void write_camouflage(const Plan& plan, const Event& event, std::uint64_t member, std::uint64_t account,
                      std::uint32_t audience, const Attributes& attributes, OutputFile& file) {
  Draws draws(plan.options.seed, Stream::camouflage, event.index, member);
  const double whole = std::floor(event.kind.camouflage);
  const bool one_more = draws.uniform() < event.kind.camouflage - whole;
  Object object;
  for (auto left = static_cast<std::uint64_t>(whole) + (one_more ? 1 : 0); left > 0; --left) {
    camouflage_object(plan, audience, draws, object);
    append_row(plan, account, object, reaction_time(plan, object, audience, draws), attributes,
               file.buffer());
  }
}

void write_event(const Plan& plan, const Event& event, OutputFile& file) {
  const GroupKind& kind = event.kind;
  const Membership membership{kind.label, kind.first_group + event.group, kind.first_number + event.group};
  const std::uint32_t audience = group_audience(plan, membership.group);
  Draws draws(plan.options.seed, Stream::event, event.index);
  Object object;
  describe_target(plan, event, audience, draws, object);
  std::int64_t base = object.published;
  if (!kind.on_publication) base += 7200 + static_cast<std::int64_t>(draws.below(28'800));

  for (std::uint64_t member = event.ordinal % kind.cells; member < kind.accounts; member += kind.cells) {
    Draws own(plan.options.seed, Stream::member, event.index, member);
    if (own.uniform() >= kind.participation) continue;
    const std::int64_t time = base + member_delay(kind, own.uniform());
    const std::uint64_t position = event.group * kind.accounts + member;
    const bool viral = kind.label == Label::viral;
    const std::uint64_t account = viral ? viral_account(plan, position) : kind.first_account + position;
    const Attributes attributes =
        viral ? organic_attributes(plan, account) : member_attributes(plan, account, membership);
    append_row(plan, account, object, time, attributes, file.buffer());
    write_camouflage(plan, event, member, account, audience, attributes, file);
    file.flush_if_full();
  }
}

std::filesystem::path shard_path(const GeneratorOptions& options, std::uint32_t shard,
                                 const std::filesystem::path& folder) {
  const std::size_t digits = std::max<std::size_t>(4, std::to_string(options.shards - 1).size());
  return folder / fmt::format("actions-{:0{}}.csv{}", shard, digits, options.compress ? ".gz" : "");
}

}  // namespace
}  // namespace lockstep::generator

void lockstep::write_shard(const GeneratorOptions& options, std::uint32_t shard,
                           const std::filesystem::path& folder) {
  using namespace lockstep::generator;
  const Plan plan = make_plan(options);
  const std::uint32_t shards = plan.options.shards;
  if (shard >= shards) {
    throw Error(ExitCode::usage,
                fmt::format("generator: there is no shard {} among {} shards", shard, shards));
  }
  OutputFile file(shard_path(plan.options, shard, folder), options.compress);
  file.buffer() += "account,url,time,platform,language,kind,region,followers\n";
  const std::uint64_t actions = plan.options.actions;
  for (std::uint64_t begin = shard * block_actions; begin < actions; begin += shards * block_actions) {
    write_organic(plan, begin, std::min(begin + block_actions, actions), file);
  }
  for (std::uint64_t event = shard; event < plan.events; event += shards) {
    write_event(plan, find_event(plan, event), file);
  }
  file.commit();
}
