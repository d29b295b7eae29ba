#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "data/generator/plan.hpp"
#include "data/generator/random.hpp"

namespace lockstep::generator {

/// People who share a language and a day. Organic accounts are dealt to the audiences in turn: account i
/// belongs to audience i mod audiences.size().
struct Audience {
  std::string_view language;
  std::string_view region;
  int utc_offset_hours;
};
inline constexpr std::array<Audience, 10> audiences = {{{"en", "US", -6},
                                                        {"en", "GB", 0},
                                                        {"es", "ES", 1},
                                                        {"es", "MX", -6},
                                                        {"pt", "BR", -3},
                                                        {"fr", "FR", 1},
                                                        {"de", "DE", 1},
                                                        {"tr", "TR", 3},
                                                        {"id", "ID", 7},
                                                        {"ja", "JP", 9}}};

/// What every row of an account says about it.
struct Attributes {
  std::string_view platform;
  std::string_view language;
  std::string_view kind;
  std::string_view region;
  std::uint64_t followers = 0;
};

/// Something that is acted on.
struct Object {
  std::string url;
  std::int64_t published = 0;    ///< epoch seconds
  double attention_seconds = 0;  ///< median delay of its organic actions
  std::uint32_t audience = 0;    ///< whose language it is in
};

/// The group an account was planted with.
struct Membership {
  Label label;
  std::uint64_t group;   ///< over all kinds
  std::uint64_t number;  ///< among groups with the label
};

/// Appends the name of an account.
void append_account_name(const Plan& plan, std::uint64_t account, std::string& text);

Attributes organic_attributes(const Plan& plan, std::uint64_t account);
Attributes member_attributes(const Plan& plan, std::uint64_t account, const Membership& membership);

/// The audience that a planted group lives among.
std::uint32_t group_audience(const Plan& plan, std::uint64_t group);

/// Fills `object` with organic object `index`, the most popular one being 0; publication follows the day
/// of its audience.
void describe_object(const Plan& plan, std::uint64_t index, Object& object);

/// The same for an object made for `audience`.
void describe_object(const Plan& plan, std::uint64_t index, std::uint32_t audience, Object& object);

/// First organic action on the object of rank `rank`; the number of organic actions for rank = objects.
std::uint64_t first_action(const Plan& plan, std::uint64_t rank);

/// Rank of the object on which organic action `action` acts.
std::uint64_t object_of_action(const Plan& plan, std::uint64_t action);

/// An organic account that would act on an object made for `audience`.
std::uint64_t organic_account(const Plan& plan, std::uint32_t audience, Draws& draws);

/// An organic object for an account of `audience`, popular ones more often.
void camouflage_object(const Plan& plan, std::uint32_t audience, Draws& draws, Object& object);

/// Time at which somebody of `audience` acts on `object` unprompted: attention decays with a heavy tail
/// and people sleep.
std::int64_t reaction_time(const Plan& plan, const Object& object, std::uint32_t audience, Draws& draws);

}  // namespace lockstep::generator
