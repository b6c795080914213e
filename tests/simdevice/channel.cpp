#include "simdevice/channel.hpp"

#include <algorithm>

namespace ferrule::simdevice {

channel::channel(channel_host& host, ssh_channel handle)
    : host_(host)
    , handle_(handle) {
    callbacks_.userdata = this;
    callbacks_.channel_data_function = on_data;
    callbacks_.channel_eof_function = on_eof;
    callbacks_.channel_close_function = on_close;
    ssh_callbacks_init(&callbacks_);
    ssh_set_channel_callbacks(handle_, &callbacks_);
}

int channel::on_data(ssh_session, ssh_channel, void* data, std::uint32_t length, int is_stderr, void* self) {
    if (is_stderr == 0) {
        static_cast<channel*>(self)->inbox_.append(static_cast<const char*>(data), length);
    }
    return static_cast<int>(length);
}

void channel::on_eof(ssh_session, ssh_channel, void* self) {
    static_cast<channel*>(self)->peer_eof_ = true;
}

void channel::on_close(ssh_session, ssh_channel, void* self) {
    static_cast<channel*>(self)->peer_closed_ = true;
}

bool channel::send() {
    if (outbox_.empty() || peer_closed_) {
        return false;
    }
    const auto window = ssh_channel_window_size(handle_);
    const auto length = std::min<std::size_t>(window, outbox_.size());
    if (length == 0) {
        return false;
    }
    const int sent = ssh_channel_write(handle_, outbox_.data(), static_cast<std::uint32_t>(length));
    if (sent <= 0) {
        return false;
    }
    outbox_.erase(0, static_cast<std::size_t>(sent));
    return true;
}

void channel::finish() {
    if (!finished_) {
        finished_ = true;
        ssh_channel_send_eof(handle_);
        ssh_channel_close(handle_);
        ssh_remove_channel_callbacks(handle_, &callbacks_);
        ssh_channel_free(handle_);
        handle_ = nullptr;
    }
}

void channel::drop(bool reset, const std::string& why) {
    dropping_ = true;
    host_.drop_after_flush(reset, why);
}

} // namespace ferrule::simdevice
