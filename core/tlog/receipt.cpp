// Receipts: checked, and as bytes. Format: docs/message.cddl.
// Must not know the network.
#include "core/tlog/receipt.h"

#include "core/envelope/cbor.h"
#include "core/tlog/proof.h"

namespace core::tlog {

Result<Checkpoint> verify_receipt(const Receipt& receipt, const Hash& message_id,
                                  const NoteVerifier& relay) {
  TRY_ASSIGN(const Checkpoint checkpoint, open_checkpoint(receipt.checkpoint, relay));
  if (!verify_inclusion(message_id, receipt.index.value, checkpoint.size, receipt.proof,
                        checkpoint.root)) {
    return fail(Errc::kBadSignature, "the relay's proof does not show message " + message_id.hex() +
                                         " at log index " + to_string(receipt.index));
  }
  return checkpoint;
}

Bytes encode_receipt(const Receipt& receipt) {
  envelope::CborWriter w;
  w.array(3);
  w.unsigned_integer(receipt.index.value);
  w.text(receipt.checkpoint);
  w.array(receipt.proof.size());
  for (const Hash& hash : receipt.proof) w.bytes(hash.view());
  return std::move(w).take();
}

Result<Receipt> decode_receipt(ByteView bytes) {
  envelope::CborReader r(bytes);
  Receipt receipt;
  TRY_ASSIGN(const std::size_t items, r.array());
  if (items != 3) return r.refuse(0, "a receipt has 3 items");
  TRY_ASSIGN(receipt.index.value, r.unsigned_integer());
  TRY_ASSIGN(receipt.checkpoint, r.text());
  TRY_ASSIGN(const std::size_t count, r.array());
  if (count > kLevelMax) return r.refuse(0, "a proof has at most 62 hashes");
  for (std::size_t i = 0; i < count; ++i) {
    TRY_ASSIGN(const ByteView raw, r.bytes());
    TRY_ASSIGN(const Hash hash, Hash::from(raw));
    receipt.proof.push_back(hash);
  }
  TRY(r.finish());
  return receipt;
}

}  // namespace core::tlog
