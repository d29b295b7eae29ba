#pragma once

#include <bit>
#include <cstdint>
#include <vector>

namespace lockstep {

/// Counts distinct objects per partner of one account: open addressing, kept half empty, cleared in the time
/// it takes to visit what is in it.
class PartnerTable {
 public:
  struct Partner {
    std::uint32_t account = nobody;
    std::uint32_t objects = 0;
    std::uint32_t last_visit = 0;  ///< the visit that counted last; 0 is no visit
  };
  static constexpr std::uint32_t nobody = UINT32_MAX;

  PartnerTable() : slots_(initial_slots) {}

  void clear() {
    for (const std::uint32_t slot : used_) slots_[slot] = {};
    used_.clear();
  }
  bool empty() const { return used_.empty(); }

  /// Counts the object of `visit` for `account`, once; a partner not seen before is added.
  void count_or_add(std::uint32_t account, std::uint32_t visit) {
    Partner* partner = &slots_[find(account)];
    if (partner->account == nobody) partner = add(account);
    count(*partner, visit);
  }
  /// The same for partners already seen only.
  void count_if_seen(std::uint32_t account, std::uint32_t visit) {
    Partner& partner = slots_[find(account)];
    if (partner.account != nobody) count(partner, visit);
  }
  /// The partner, or nullptr.
  const Partner* seen(std::uint32_t account) const {
    const Partner& partner = slots_[find(account)];
    return partner.account == nobody ? nullptr : &partner;
  }
  template <class Visit>
  void for_each(Visit visit) const {
    for (const std::uint32_t slot : used_) visit(slots_[slot]);
  }

 private:
  static constexpr std::size_t initial_slots = 256;

  static void count(Partner& partner, std::uint32_t visit) {
    partner.objects += partner.last_visit != visit ? 1 : 0;
    partner.last_visit = visit;
  }
  /// The slot of `account`, or the free slot where it belongs.
  std::uint32_t find(std::uint32_t account) const {
    const auto mask = static_cast<std::uint32_t>(slots_.size() - 1);
    std::uint32_t slot = (account * 0x9E3779B1U) >> shift_;
    while (slots_[slot].account != account && slots_[slot].account != nobody) slot = (slot + 1) & mask;
    return slot;
  }
  Partner* add(std::uint32_t account) {
    if (2 * (used_.size() + 1) > slots_.size()) grow();
    const std::uint32_t slot = find(account);
    slots_[slot].account = account;
    used_.push_back(slot);
    return &slots_[slot];
  }
  void grow() {
    std::vector<Partner> old(slots_.size() * 2);
    old.swap(slots_);
    --shift_;
    for (std::uint32_t& slot : used_) {
      const std::uint32_t place = find(old[slot].account);
      slots_[place] = old[slot];
      slot = place;
    }
  }

  std::vector<Partner> slots_;
  std::vector<std::uint32_t> used_;
  int shift_ = 32 - std::countr_zero(initial_slots);
};

}  // namespace lockstep
