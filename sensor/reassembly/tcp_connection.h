// Both directions of one TCP connection, put in order: every payload byte that the capture holds goes to
// the sink exactly once, as a chunk of the stream or as an extra version, or is counted as a repeat.
//
// The pipeline keeps one per flow and calls, for each packet of the flow in arrival order, on_segment();
// expire() when deadline() has passed by the worker's clock (whether and when it is called changes nothing
// but the moment at which the sink hears of it); finish() once when the flow leaves the table, after
// which the connection only may be destroyed. A connection that is destroyed unfinished gives its memory
// back and tells nobody.
//
// Order of a direction: on_chunk and on_gap cover its offsets from 0 without a seam until on_end, on_extra
// comes in between. What was passed on stays; of two versions that wait, the one that the receiver keeps by
// its policy (TcpOptions::targets) becomes the stream. The other is an extra where it differs: both are
// handed on. What a direction holds out of order is copied into pooled memory on the budget; in-order payload
// is handed on from the capture buffer.
//
// Doubtful segments, those that the receiver may not have taken (a wrong checksum where others of the
// direction are right, a time to live so low that it may have ended on the way, no ACK, data on a SYN), do
// not act on the connection, and their payload waits: another version takes its place (and it becomes an
// extra), an acknowledgement or the allowance of a hole makes it the stream.
//
// Ledger: seen += payload on the wire; unread[snaplen] += what the capture cut off; duplicate += repeats;
// gap += holes given up, less what came late. seen = chunks + extras + duplicate + unread after finish();
// before it, bytes still held are seen as well. Of a bypassed direction: unread[why] += what would have been
// chunks and extras.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>

#include "parsers/api/types.h"
#include "sensor/base/inspection.h"
#include "sensor/base/packet.h"
#include "sensor/reassembly/stream_sink.h"
#include "sensor/reassembly/tcp_shared.h"

namespace weir {

class HeldData;
class PassedBytes;

struct TcpContext {
  static constexpr Nanoseconds kNoClock = std::numeric_limits<Nanoseconds>::min();

  TcpShared& shared;
  Inspection& ledger;  // of this flow
  // The worker's clock, by which allowances run whatever the packets say of their times. Without one the
  // times of the calls are the clock.
  Nanoseconds now = kNoClock;

  Nanoseconds clock(Nanoseconds time) const { return now == kNoClock ? time : now; }
};

// For the flow's time-out.
enum class TcpPhase : uint8_t {
  kOpening,      // no payload, and no more of a handshake than both SYNs
  kEstablished,  // also when picked up in the middle, from the first payload on
  kClosing,      // both directions ended, or reset
};

class TcpConnection {
 public:
  TcpConnection();
  ~TcpConnection();
  TcpConnection(TcpConnection&&) noexcept;
  TcpConnection& operator=(TcpConnection&&) noexcept;

  // One TCP packet of the flow, sent by `from`. May call the sink for both directions (an
  // acknowledgement can make the other direction's hole final).
  void on_segment(const PacketView& packet, Direction from, StreamSink& sink, TcpContext& context);

  // When, by the worker's clock, (strictly) after it expire() has something to do; INT64_MAX: nothing waits.
  Nanoseconds deadline(const TcpShared& shared) const;

  // Gives up the holes whose allowance is over at `now` by the worker's clock (deadline < now).
  void expire(Nanoseconds now, StreamSink& sink, TcpContext& context);

  // Nothing of `d` is wanted any more: what comes is counted as unread for `why` and handed to nobody,
  // nothing is held, copied or hashed, and a hole is a gap at once (and none any more when its bytes come
  // late). What is held now is counted so too. The sink hears of the direction's end alone.
  void bypass(Direction d, Unread why, Nanoseconds time, StreamSink& sink, TcpContext& context);
  bool bypassed(Direction d) const { return half_[index_of(d)].bypassed(); }
  // The bytes of `d` are wanted again, from the next segment on.
  void end_bypass(Direction d) { half_[index_of(d)].bypass = Unread::kCount; }

  // Hands on everything held, tells the gaps, ends both directions (those that FIN has not ended).
  // `time`, as the packets tell it, goes to on_end.
  void finish(Nanoseconds time, StreamSink& sink, TcpContext& context);

  TcpPhase phase() const;
  // A RST in window was seen. Bytes that still come are still put in order; finish() ends the directions.
  bool reset() const { return ((half_[0].flags | half_[1].flags) & kReset) != 0; }
  // on_end was called for `d`.
  bool ended(Direction d) const { return (half_[index_of(d)].flags & kEnded) != 0; }
  // The numbers of `packet`, which has an ACK, are both farther than `reach` from where the connection is;
  // false where one of the two is not known.
  bool is_elsewhere(const PacketView& packet, Direction from, uint32_t reach) const;
  // A SYN of both sides was seen.
  bool handshake_seen() const { return (half_[0].flags & half_[1].flags & kSyn) != 0; }
  // The receiver of `d` has acknowledged bytes of it that have not been passed on.
  bool is_behind(Direction d) const {
    const Half& half = half_[index_of(d)];
    return (half.flags & (kStarted | kAckKnown)) == (kStarted | kAckKnown) && half.acked > half.next;
  }

 private:
  // What is known of one direction, by its sender's bytes. Offsets count from its first byte.
  struct Half {
    uint64_t next = 0;      // offset of the next byte to pass on
    uint64_t acked = 0;     // the peer has acknowledged up to here; before kStarted a raw sequence number
    uint32_t next_seq = 0;  // sequence number of `next`
    uint32_t fin_seq = 0;   // with kFin: the place of FIN, at or after `next`
    uint16_t window = 0;    // as last advertised by this sender, unscaled
    uint16_t flags = 0;
    uint8_t ttl = 0;          // highest seen, or the lower one that the receiver has confirmed; 0: none yet
    uint8_t passed_size = 0;  // for the next `passed`, see PassedBytes::make
    Unread bypass = Unread::kCount;  // kCount: the bytes are wanted
    bool bypassed() const { return bypass != Unread::kCount; }
    PooledPtr<PassedBytes> passed;  // while something passed on is not acknowledged
    PooledPtr<HeldData> held;       // while something is out of order or was given up
  };
  enum Flag : uint16_t {
    kSeen = 1,        // a packet of this direction was seen
    kStarted = 2,     // next_seq is known
    kAckKnown = 4,    // acked is known
    kSyn = 8,         // SYN seen
    kFin = 16,        // fin_seq is known
    kEnded = 32,      // on_end called
    kForgot = 64,     // holes were given up that are no longer remembered
    kSound = 128,     // its checksums are right as captured: a wrong one is none of the card's doing
    kAckFirst = 256,  // acknowledgements were captured before what they acknowledge
    kReset = 512,     // a RST of this sender closed the connection
    kUnkept = 1024,   // with kAckFirst: bytes were passed on and are no longer kept
    kAsked = 2048,    // its SYN answered none
  };
  struct Call;          // one call's direction, sink, context and time
  struct OtherReading;  // what of one segment, or of what it replaces, differs

  // tcp_connection.cc: what a segment's header says, and the allowances
  static void start(Half& half, uint32_t seq);
  static bool is_doubtful(Half& half, const PacketView& packet);
  void on_syn(const PacketView& packet, const Call& call);
  void restart(Half& half, uint32_t seq, const Call& call);
  void on_ack(uint32_t ack, const Call& call);
  void on_payload(uint32_t seq, const PacketView& packet, const Call& call);
  void on_fin(uint32_t fin_seq, const Call& call);
  void on_reset(const PacketView& packet, const Call& call);
  void on_life(const PacketView& packet, Direction from);
  void settle(const Call& call);
  void end(const Call& call);
  static Nanoseconds maturity(const Half& half, const TcpShared& shared, Nanoseconds* time = nullptr);
  static bool tail_is_fin(const Half& half);

  // tcp_placement.cc: where its payload goes
  void place(int64_t start, Bytes bytes, uint32_t wire, const Call& call);
  void place_old(uint64_t start, Bytes bytes, const Call& call);
  void place_repeat(uint64_t start, Bytes bytes, const Call& call);
  void place_new(uint64_t start, uint64_t end, const uint8_t* bytes, const Call& call);
  void replace_held(uint64_t start, uint64_t end, const uint8_t* bytes, const Call& call);
  void hold(uint64_t start, uint64_t end, const uint8_t* bytes, const Call& call);
  bool try_hold(uint64_t start, uint64_t end, const uint8_t* bytes, const Call& call);
  void pass(Bytes bytes, Nanoseconds time, bool fresh, const Call& call);
  void pass_front(const Call& call);
  void drain(const Call& call);
  void lose(uint64_t until, bool missing, Nanoseconds time, const Call& call);
  void give_up_front(const Call& call);
  void extra(ExtraKind kind, uint64_t offset, Bytes bytes, const Call& call, size_t shared = 0);
  void tell(ExtraKind kind, const OtherReading& reading, uint64_t start, const uint8_t* bytes,
            const Call& call);
  void keep_passed(Half& half, Bytes bytes, const Call& call);
  static bool front_waits(const Half& half);
  static HeldData* held_data(Half& half, const Call& call);

  std::array<Half, 2> half_;
  uint32_t packets_ = 0;    // of the flow, both directions
  uint32_t reset_seq_ = 0;  // of the RST, with kReset
  bool opened_ = false;     // payload, or something but a SYN after both SYNs
};

}  // namespace weir
