#include "sensor/pipeline/worker.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include "parsers/wire/ciphertext.h"
#include "sensor/decode/checksum.h"
#include "sensor/decode/duplicates.h"
#include "sensor/pipeline/conversation.h"
#include "sensor/pipeline/flow_sessions.h"
#include "sensor/pipeline/flow_sink.h"
#include "sensor/pipeline/flow_state.h"
#include "sensor/pipeline/port_reuse.h"

namespace weir {

namespace {

constexpr size_t kBurst = 64;

Depth depth_of(Stage last) {
  switch (last) {
    case Stage::kParse:
      return Depth::kParse;
    case Stage::kContent:
      return Depth::kContent;
    case Stage::kMatch:
      return Depth::kMatch;
    case Stage::kAlert:
      return Depth::kAlert;
    default:
      return Depth::kReassembly;
  }
}

}  // namespace

class Worker::Impl : private FlowObserver<FlowState>, private AlertSink {
 public:
  Impl(const WorkerOptions& options, const SharedSetup& setup, std::unique_ptr<PacketSource> source,
       AlertChannel* channel)
      : options_(options),
        source_(std::move(source)),
        channel_(channel),
        outlet_(channel, options.wait_for_room),
        flow_budget_(options.flow_memory),
        reassembly_budget_(options.reassembly_memory),
        content_budget_(options.content_memory),
        findings_budget_(options.findings_memory),
        catalogue_(setup.catalogue),
        steering_(options.steer, options.decode),
        conversation_(options.decode),
        decoder_(options.decode),
        duplicates_(options.decode.duplicate_window, HashKey::random()),
        fragments_({options.defragment, options.defragment_memory, options.index,
                    options.steered && !options.shows_fragments ? 1 : options.count, options.steer},
                   options.decode, decoder_),
        tcp_shared_(reassembly_budget_, options.tcp),
        sessions_(session_context_, options.session_memory,
                  [this](WorkerFlow& flow) { table_.remove(flow, FlowEnd::kEvicted, now()); }),
        clock_(options.flow.timeouts),
        content_(options.content, content_budget_),
        table_(options.flow, HashKey::random(), flow_budget_, *this) {
    session_context_.depth = depth_of(options.last_stage);
    session_context_.content = &content_;
    session_context_.depth_limit = options.depth_limit;
    session_context_.excluded = &options_.excluded;
    if (options.last_stage < Stage::kMatch) return;
    totals_.detectors.resize(setup.catalogue->detectors.size());
    matcher_.emplace(setup.patterns, setup.tokenizer);
    inspect_.emplace(InspectContext{*matcher_, findings_budget_, nullptr, setup.observer, totals_});
    session_context_.inspect = &*inspect_;
    if (options.last_stage < Stage::kAlert) return;
    masker_ = make_metadata_masker(setup.patterns);
    policy_.emplace(setup.policies);
    alert_context_.emplace(AlertContext{*setup.catalogue, *policy_, setup.policies->internal(), *masker_,
                                        *this, alert_counters_, setup.token_prefix, options.alerts,
                                        setup.tokenizer.get()});
    inspect_->alerts = &*alert_context_;
  }

  void run() {
    std::array<RawPacket, kBurst> burst;
    SourceStatus status = SourceStatus::kOk;
    while (status == SourceStatus::kOk || status == SourceStatus::kIdle) {
      size_t count = 0;
      status = source_->next_burst(burst, &count);
      const PacketSource::Clocks clocks = source_->clocks();
      if (clocks.monotonic != 0) clock_.running(clocks.wall, clocks.monotonic, status == SourceStatus::kIdle);
      if (status == SourceStatus::kIdle && options_.last_stage >= Stage::kFlow) {
        advance(clock_.now(), clock_.told());
        fragments_.advance(now());
        read_datagrams();
      }
      for (std::span<const RawPacket> left(burst.data(), count); !left.empty();) {
        left = left.subspan(process(left));
      }
      outlet_.advance(now());
      if (channel_ != nullptr) channel_->watermark.store(now(), std::memory_order_release);
    }
    outlet_.wait_from_now();
    if (options_.last_stage >= Stage::kFlow) {
      fragments_.finish();
      read_datagrams();
      table_.flush(now());
    }
    finish_totals();
    outlet_.finish(now());
  }

  PacketSource& source() { return *source_; }
  const Totals& totals() const { return totals_; }
  const OutletCounters& outlet() const { return outlet_.counters(); }

 private:
  struct Due {
    Nanoseconds time = 0;
    Nanoseconds now = 0;   // the clock at it …
    Nanoseconds told = 0;  // … and as the packets tell it
    FlowClock::Silence jump;
    uint64_t hash = 0;
    uint64_t copy_hash = 0;  // for duplicates_
    bool mine = false;       // a TCP or UDP packet of this worker; else only its time counts
    PacketView view;         // last: its end is seldom touched
  };

  // Decodes the burst, warms the caches for all its flows, then handles packet after packet. Answers how many
  // of them: what comes out of fragments is read between the packets where it became due, so the burst ends
  // there. (What the defragmenter hands out lives until its next call.)
  size_t process(std::span<const RawPacket> burst) {
    if (options_.last_stage == Stage::kCapture) {
      for (const RawPacket& raw : burst) touched_ += raw.bytes.empty() ? 0 : raw.bytes[0];
      return burst.size();
    }
    const bool follows = options_.last_stage >= Stage::kFlow;
    bool completed = false;
    size_t n = 0;
    for (const RawPacket& raw : burst) {
      if (follows) {
        if (!clock_has_seen_ && clock_.see(raw.time, [&] { return conversation_.of(raw); })) [[unlikely]] {
          silence_ = clock_.silence();
          fragments_.age(silence_.since, silence_.more);
        }
        fragments_.advance(clock_.now());
        const bool first = fragments_.has_finished() || silence_.more != 0;
        clock_has_seen_ = first && n > 0;
        if (clock_has_seen_) [[unlikely]]
          break;  // the packets before it first
        if (first) [[unlikely]] {
          if (silence_.more != 0) table_.age(std::exchange(silence_, {}));
          advance(clock_.now(), clock_.told());
          read_datagrams();
        }
      }
      Due& due = due_[n++];
      due.time = raw.time;
      due.now = clock_.now();
      due.told = clock_.told();
      due.jump = clock_.jump();
      due.mine = false;
      if (raw.is_tick()) continue;
      if (options_.count > 1) {
        bool fragment = raw.foreign;
        if (!is_mine(raw, &fragment)) {
          if (!fragment || !follows) continue;
          fragments_.add_foreign(raw);
          completed = fragments_.has_finished();
          if (completed) break;
          continue;
        }
      }
      if (totals_.first_packet == 0) totals_.first_packet = raw.time;
      totals_.last_packet = std::max(totals_.last_packet, raw.time);
      const PacketKind kind = decoder_.decode(raw, &due.view);
      due.mine = kind == PacketKind::kTcp || kind == PacketKind::kUdp;
      if (due.mine) due.view.checksum = options_.check_sums ? check_packet(due.view) : Checksum::kUnchecked;
      if (due.mine && follows) {
        due.hash = table_.hash(due.view.key);
        table_.prefetch_index(due.hash);
        if (duplicates_.enabled()) {
          due.copy_hash = duplicates_.hash(due.view, due.hash);
          duplicates_.prefetch(due.copy_hash);
        }
      } else if (kind == PacketKind::kFragment && follows) {
        fragments_.add(due.view);
        completed = fragments_.has_finished();
        if (completed) break;
      }
    }
    if (!follows) return n;
    for (size_t i = 0; i < n; ++i) {
      if (due_[i].mine) table_.prefetch_flow(due_[i].hash);
    }
    for (size_t i = 0; i < n; ++i) {
      advance(due_[i].now, due_[i].told);
      if (due_[i].mine) handle(due_[i]);
    }
    if (completed) read_datagrams();
    return n;
  }

  // Every packet of the capture moves the clock, whoever owns it: timers run at the same packets whatever the
  // number of workers. (clock_ itself has seen the packets of the burst that are still to be handled.)
  void advance(Nanoseconds now, Nanoseconds told) {
    session_context_.now = now;
    told_ = told;
    table_.advance(now);
  }
  Nanoseconds now() const { return session_context_.now; }
  // A moment of the clock as the packets tell the time.
  Nanoseconds told(Nanoseconds at) const { return at - now() + told_; }

  void read_datagrams() {
    ReassembledPacket packet;
    while (fragments_.next(&packet)) handle_reassembled(packet);
  }

  void handle_reassembled(const ReassembledPacket& packet) {
    const PacketView& view = packet.view;
    const uint64_t hash = table_.hash(view.key);
    auto [flow, direction, created, heard] = table_.find_or_create(view, hash, now());
    if (created) ++totals_.flows;
    if (options_.last_stage < Stage::kReassembly) return;
    if (packet.use == PieceUse::kPacket) {
      flow = own_flow({view, hash, now(), clock_.jump()}, flow, &direction, heard);
      if (flow == nullptr) return;
    }
    flow->state.no_ports |= packet.no_ports;
    flow->state.ledger += packet.beside;
    switch (packet.use) {
      case PieceUse::kPacket:
        handle_transport(*flow, view, direction,
                         packet.contested ? DatagramVersion::kContested : DatagramVersion::kOnly);
        break;
      case PieceUse::kPiece:
        count_payload(*flow, view);
        handle_piece(*flow, view, direction, ExtraKind::kPiece);
        break;
      case PieceUse::kVersion:
      case PieceUse::kVersionPiece:
        handle_version(*flow, packet, direction);
        break;
      case PieceUse::kCountOnly:
        break;
    }
  }

  // `*fragment`: it may be part of a datagram that is this worker's, though the fragment is not.
  bool is_mine(const RawPacket& raw, bool* fragment) {
    if (options_.steered) return !raw.foreign;
    const Steer steered = steering_.of(raw);
    *fragment = steered.fragment;
    return steered.hash % options_.count == options_.index;
  }

  // Other bytes in the place of those that were read. Which are new has been counted: the ledger stays.
  void handle_version(WorkerFlow& flow, const ReassembledPacket& packet, Direction direction) {
    const Inspection ledger = flow.state.ledger;
    const PacketView& view = packet.view;
    if (packet.use == PieceUse::kVersionPiece) {
      handle_piece(flow, view, direction, ExtraKind::kConflict);
    } else if (view.key.protocol == kProtoTcp) {
      const ReassemblyCounters& counters = tcp_shared_.counters();
      const uint64_t extras = counters.conflicts + counters.uncompared + counters.late + counters.unplaced;
      handle_tcp(flow, view, direction);
      // Where reassembly can no longer compare them it takes acknowledged bytes for repeats.
      if (counters.conflicts + counters.uncompared + counters.late + counters.unplaced == extras) {
        handle_piece(flow, view, direction, ExtraKind::kConflict);
      }
    } else if (!view.payload.empty() && options_.last_stage >= Stage::kParse) {
      sessions_.make_room(flow);
      if (FlowSession* session = sessions_.of(flow, &view)) {
        session->on_datagram(direction, view.payload, view.time, DatagramVersion::kOther);
        settle(flow);
      }
    }
    // What there was no item for is no more read than it would be by itself.
    const uint64_t refused = flow.state.ledger.unread[static_cast<size_t>(Unread::kConflict)] -
                             ledger.unread[static_cast<size_t>(Unread::kConflict)];
    flow.state.ledger = ledger;
    flow.state.ledger.add_unread(Unread::kConflict, std::min(refused, ledger.read()));
  }

  void handle_piece(WorkerFlow& flow, const PacketView& view, Direction direction, ExtraKind kind) {
    if (view.payload.empty() || options_.last_stage < Stage::kParse) return;
    sessions_.make_room(flow);
    FlowSession* session = sessions_.of(flow, &view);
    if (session == nullptr) {
      flow.state.ledger.add_unread(Unread::kMemory, view.payload.size());
      return;
    }
    session->on_extra(kind, direction, kNoOffset, view.payload, {}, view.time);
    settle(flow);
  }

  [[gnu::always_inline]] void handle(const Due& due) {
    const PacketView& packet = due.view;
    const bool duplicate = duplicates_.enabled() && duplicates_.is_repeat(due.copy_hash, due.time);
    if (duplicate) ++totals_.duplicates;
    auto [flow, direction, created, heard] = table_.find_or_create(packet, due.hash, due.now);
    if (created) ++totals_.flows;
    if (options_.last_stage < Stage::kReassembly) return;
    if (heard <= due.jump.since || due.now - heard >= kPortsRest || flow->stranger != 0) [[unlikely]] {
      flow = own_flow({packet, due.hash, due.now, due.jump}, flow, &direction, heard);
      if (flow == nullptr) return;
    }
    if (duplicate && packet.key.protocol == kProtoUdp) {
      // TCP's reassembly sees a repeat like any other in it.
      flow->state.ledger.seen += packet.payload_wire;
      flow->state.ledger.duplicate += packet.payload_wire;
    } else {
      handle_transport(*flow, packet, direction);
    }
  }

  struct Arrived {
    const PacketView& view;
    uint64_t hash;
    Nanoseconds now;
    FlowClock::Silence jump;
  };

  // A flow that was silent, or whose ports another connection may use: whose the packet is. Null: read apart.
  WorkerFlow* own_flow(const Arrived& packet, WorkerFlow* flow, Direction* direction, Nanoseconds heard) {
    const bool jumped = heard <= packet.jump.since && packet.jump.since < packet.now;
    const Nanoseconds over =
        heard + timeout_of(flow->timeout_class, options_.flow.timeouts) - (jumped ? packet.jump.more : 0);
    const bool outlived = over < packet.now;
    switch (judge_reuse(*flow, packet.view, *direction, outlived, packet.now - heard >= kPortsRest)) {
      case Reuse::kSame:
        return flow;
      case Reuse::kDoubtful:
        count_payload(*flow, packet.view);
        handle_piece(*flow, packet.view, *direction, ExtraKind::kConflict);
        return nullptr;
      case Reuse::kAnother:
        table_.remove(*flow, outlived ? FlowEnd::kIdle : FlowEnd::kReplaced, std::min(over, packet.now));
        break;
    }
    const auto found = table_.find_or_create(packet.view, packet.hash, packet.now);
    *direction = found.direction;
    ++totals_.flows;
    return found.flow;
  }

  [[gnu::always_inline]] void handle_transport(WorkerFlow& flow, const PacketView& packet,
                                               Direction direction,
                                               DatagramVersion version = DatagramVersion::kOnly) {
    if (packet.key.protocol == kProtoTcp) {
      handle_tcp(flow, packet, direction);
    } else {
      handle_udp(flow, packet, direction, version);
    }
  }

  static void count_payload(WorkerFlow& flow, const PacketView& packet) {
    flow.state.ledger.seen += packet.payload_wire;
    const uint64_t cut = packet.payload_wire - packet.payload.size();
    if (cut > 0) flow.state.ledger.add_unread(Unread::kSnaplen, cut);
  }

  void handle_tcp(WorkerFlow& flow, const PacketView& packet, Direction direction) {
    FlowState& state = flow.state;
    if (packet.payload_wire != 0 && options_.last_stage >= Stage::kParse) sessions_.make_room(flow);
    if (state.tcp.bypassed(direction) && !may_be_ciphertext(packet.payload)) [[unlikely]]
      read_again(flow, packet);
    FlowSink sink(sessions_, reads_, flow, &packet);
    TcpContext context{tcp_shared_, state.ledger, now()};
    state.tcp.on_segment(packet, direction, sink, context);
    if (packet.payload_wire != 0 && state.session) bypass_skipped(flow, packet.time, sink, context);
    const TcpPhase phase = state.tcp.phase();
    const TimeoutClass wanted = phase == TcpPhase::kOpening       ? TimeoutClass::kTcpOpening
                                : phase == TcpPhase::kEstablished ? TimeoutClass::kTcpEstablished
                                                                  : TimeoutClass::kTcpClosing;
    if (flow.timeout_class != wanted) table_.set_timeout_class(flow, wanted);
    settle(flow);
  }

  // A few leading bytes said that the flow is encrypted, and this packet is not. After some such times nobody
  // is believed any more: a sender must not have the flow probed with every packet.
  void read_again(WorkerFlow& flow, const PacketView& packet) {
    constexpr uint8_t kMostTimes = 4;
    FlowState& state = flow.state;
    FlowSession* session = sessions_.of(flow, &packet);
    if (session == nullptr) return;
    const Unread why = session->skipped(Direction::kFromInitiator).value_or(Unread::kCount);
    if (why != Unread::kEncrypted) return;
    session->read_again(++state.contradicted >= kMostTimes);
    state.skipped = {Unread::kCount, Unread::kCount};
    for (const Direction d : {Direction::kFromInitiator, Direction::kFromResponder}) state.tcp.end_bypass(d);
  }

  // Tells reassembly what needs no order any more. A flow of which nothing will be read rests at once.
  void bypass_skipped(WorkerFlow& flow, Nanoseconds time, StreamSink& sink, TcpContext& context) {
    FlowState& state = flow.state;
    for (const Direction d : {Direction::kFromInitiator, Direction::kFromResponder}) {
      if (state.tcp.bypassed(d)) continue;
      if (const auto why = state.session->skipped(d)) state.tcp.bypass(d, *why, time, sink, context);
    }
    const bool nobody_listens =
        state.tcp.bypassed(Direction::kFromInitiator) && state.tcp.bypassed(Direction::kFromResponder);
    if (nobody_listens && state.session->may_rest()) sessions_.put_to_rest(flow);
  }

  void handle_udp(WorkerFlow& flow, const PacketView& packet, Direction direction, DatagramVersion version) {
    if (packet.payload_wire == 0) return;
    if (packet.checksum >= Checksum::kGood && !is_sound_datagram(flow.state, packet, direction)) {
      flow.state.ledger.seen += packet.payload_wire;
      flow.state.ledger.add_unread(Unread::kChecksum, packet.payload_wire);
      ++totals_.datagrams_bad_checksum;
      return;
    }
    count_payload(flow, packet);
    if (packet.payload.empty() || options_.last_stage < Stage::kParse) return;
    Unread& skipped = flow.state.skipped[index_of(direction)];
    if (skipped == Unread::kEncrypted && !may_be_encrypted_datagram(packet.payload)) [[unlikely]]
      read_again(flow, packet);
    if (skipped != Unread::kCount) {
      flow.state.ledger.add_unread(skipped, packet.payload.size());
      return;
    }
    sessions_.make_room(flow);
    FlowSession* session = sessions_.of(flow, &packet);
    if (session == nullptr) {
      flow.state.ledger.add_unread(Unread::kMemory, packet.payload.size());
      return;
    }
    session->on_datagram(direction, packet.payload, packet.time, version);
    for (const Direction d : {Direction::kFromInitiator, Direction::kFromResponder}) {
      if (const auto why = session->skipped(d)) flow.state.skipped[index_of(d)] = *why;
    }
    settle(flow);
  }

  // A wrong checksum counts where it is asked for, and where others of the direction are right: a card that
  // fills the sums in leaves none right.
  bool is_sound_datagram(FlowState& state, const PacketView& packet, Direction direction) const {
    const auto bit = static_cast<uint8_t>(1u << index_of(direction));
    if (packet.checksum == Checksum::kGood) state.udp_sound |= bit;
    if (packet.checksum != Checksum::kWrong) return true;
    return !options_.tcp.drop_wrong_checksums && (state.udp_sound & bit) == 0;
  }

  void rearm(WorkerFlow& flow) {
    // With nobody listening, nothing new can come to wait.
    const TcpConnection& tcp = flow.state.tcp;
    if (flow.alarm == kNever && tcp.bypassed(Direction::kFromInitiator) &&
        tcp.bypassed(Direction::kFromResponder)) {
      return;
    }
    Nanoseconds next = flow.state.tcp.deadline(tcp_shared_);
    if (flow.state.session) next = std::min(next, flow.state.session->wakes_at());
    if (next != flow.alarm) table_.set_alarm(flow, next);
  }

  // After whatever a flow's session may have grown by, or begun to wait for.
  void settle(WorkerFlow& flow) {
    sessions_.charge(flow);
    rearm(flow);
  }

  void on_leave(WorkerFlow& flow, FlowEnd why, Nanoseconds when) override {
    FlowState& state = flow.state;
    if (flow.key.protocol == kProtoTcp && options_.last_stage >= Stage::kReassembly) {
      FlowSink sink(sessions_, reads_, flow);
      TcpContext context{tcp_shared_, state.ledger, when};
      state.tcp.finish(told(when), sink, context);
    }
    if (state.session) state.session->finish(told(when));
    sessions_.leave(flow);
    if (why == FlowEnd::kEvicted) ++totals_.flows_evicted;
    ProtocolTotals& protocol = protocol_totals(row_of(state));
    ++protocol.flows;
    protocol.inspection += state.ledger;
  }

  Nanoseconds on_alarm(WorkerFlow& flow, Nanoseconds now) override {
    FlowState& state = flow.state;
    if (state.tcp.deadline(tcp_shared_) < now) {
      FlowSink sink(sessions_, reads_, flow);
      TcpContext context{tcp_shared_, state.ledger, now};
      state.tcp.expire(now, sink, context);
    }
    Nanoseconds next = state.tcp.deadline(tcp_shared_);
    if (state.session) {
      state.session->wake(now);
      if (state.session->rests_at() < now) {
        sessions_.put_to_rest(flow);
      } else {
        next = std::min(next, state.session->wakes_at());
      }
    }
    return next;
  }

  ProtocolTotals& protocol_totals(std::string_view name) {
    const auto it = totals_.protocols.find(name);
    return it != totals_.protocols.end() ? it->second : totals_.protocols[std::string(name)];
  }

  void on_alert(Alert&& alert) override {
    if (alert.activity == AlertActivity::kCreate) {
      ++totals_.alerts_by_severity[static_cast<size_t>(alert.severity)];
      for (const AlertDetector& d : alert.detectors) {
        const DetectorIndex index = alert_context_->catalogue.find(d.id);
        if (d.named && index != kNoDetector) ++totals_.detectors[index].alerts;
      }
    } else {
      ++totals_.alert_updates;
    }
    outlet_.put(std::move(alert), now());
  }

  void finish_totals() {
    const SourceStats stats = source_->stats();
    // Sources that give all workers the same have all refused the same: counted once.
    if (options_.steered || options_.index == 0)
      decoder_.count_filtered(stats.filtered, stats.filtered_bytes);
    totals_.packets = decoder_.counters().packets;
    totals_.frame_bytes = decoder_.counters().bytes;
    totals_.tunnels = decoder_.counters().tunnels;
    totals_.tunnels_malformed = decoder_.counters().tunnels_malformed;
    totals_.tunnels_refused = decoder_.counters().tunnel_refused;
    totals_.tunnels_too_deep = decoder_.counters().tunnel_depth_exceeded;
    totals_.clock = clock_.counters();
    totals_.fragments = fragments_.counters();
    if (fragments_.unread().seen != 0) protocol_totals(kFragmentsRow).inspection += fragments_.unread();
    for (const uint64_t n : alert_counters_.suppressed) totals_.suppressed += n;
    totals_.flows_evicted_half_open = table_.counters().evicted_half_open;
    totals_.flows_evicted_sessions = sessions_.evicted();
    totals_.flows_refused = sessions_.refused();
    totals_.tcp = tcp_shared_.counters();
  }

  const WorkerOptions options_;
  const bool reads_ = options_.last_stage >= Stage::kParse;
  std::unique_ptr<PacketSource> source_;
  AlertChannel* channel_;
  AlertOutlet outlet_;
  MemoryBudget flow_budget_;
  MemoryBudget reassembly_budget_;
  MemoryBudget content_budget_;
  MemoryBudget findings_budget_;
  std::shared_ptr<const Catalogue> catalogue_;
  Steering steering_;
  Conversation conversation_;
  Decoder decoder_;
  DuplicateFinder duplicates_;
  FragmentPath fragments_;
  TcpShared tcp_shared_;
  Totals totals_;
  AlertCounters alert_counters_;
  std::optional<Matcher> matcher_;
  std::unique_ptr<MetadataMasker> masker_;
  std::optional<PolicyEngine> policy_;
  std::optional<AlertContext> alert_context_;
  std::optional<InspectContext> inspect_;
  SessionContext session_context_;
  FlowSessions sessions_;
  std::array<Due, kBurst> due_;
  FlowClock clock_;
  bool clock_has_seen_ = false;  // the next packet, before which others are handled
  FlowClock::Silence silence_;   // found before that packet; more: 0 where there is none
  Nanoseconds told_ = 0;         // now() as the packets tell it
  uint64_t touched_ = 0;
  ContentContext content_;
  FlowTable<FlowState> table_;  // last: its flows use what stands above
};

Worker::Worker(const WorkerOptions& options, const SharedSetup& setup, std::unique_ptr<PacketSource> source,
               AlertChannel* channel)
    : impl_(std::make_unique<Impl>(options, setup, std::move(source), channel)) {}
Worker::~Worker() = default;
void Worker::run() { impl_->run(); }
void Worker::stop() { impl_->source().stop(); }
const Totals& Worker::totals() const { return impl_->totals(); }
const OutletCounters& Worker::outlet() const { return impl_->outlet(); }
PacketSource& Worker::source() { return impl_->source(); }

}  // namespace weir
