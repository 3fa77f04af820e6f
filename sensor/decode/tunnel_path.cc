#include "sensor/decode/tunnel_path.h"

namespace weir {

std::vector<std::string> tunnel_path(const PacketView& view) {
  std::vector<std::string> path;
  if (view.tunnels == 0) return path;
  path.reserve(view.layer_count);
  for (size_t i = 0; i < view.layer_count; ++i) {
    const Layer& layer = view.layers[i];
    std::string text(name_of(layer.kind));
    if (layer.kind == LayerKind::kL2tp) {
      text += ':' + std::to_string(layer.id >> 16) + '.' + std::to_string(layer.id & 0xffff);
    } else if (layer.has_id) {
      text += ':' + std::to_string(layer.id);
    }
    path.push_back(std::move(text));
  }
  return path;
}

}  // namespace weir
