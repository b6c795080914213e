// How a connection answers requests for channels and on channels.
#include "simdevice/connection.hpp"
#include "simdevice/forward_channel.hpp"
#include "simdevice/pending_forward.hpp"
#include "simdevice/shell_channel.hpp"

#include <algorithm>
#include <utility>

#include <sys/epoll.h>

// See connection_auth.cpp: requests are read out of messages, so that answers may be late.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace ferrule::simdevice {

void connection::handle(message_handle message) {
    switch (ssh_message_type(message.get())) {
    case SSH_REQUEST_SERVICE:
        ssh_message_service_reply_success(message.get());
        break;
    case SSH_REQUEST_AUTH:
        handle_auth(std::move(message));
        break;
    case SSH_REQUEST_CHANNEL_OPEN:
        handle_open(std::move(message));
        break;
    case SSH_REQUEST_CHANNEL:
        handle_channel_request(std::move(message));
        break;
    default:
        ssh_message_reply_default(message.get());
        break;
    }
}

void connection::handle_open(message_handle message) {
    const int kind = ssh_message_subtype(message.get());
    if (kind == SSH_CHANNEL_SESSION) {
        if (auto* handle = ssh_message_channel_request_open_reply_accept(message.get()); handle != nullptr) {
            channels_.push_back(std::make_unique<shell_channel>(*this, handle, device_, id_, user_));
        }
        return;
    }
    if (kind != SSH_CHANNEL_DIRECT_TCPIP || !device_.spec().allow_forwarding) {
        ssh_message_reply_default(message.get());
        return;
    }
    const auto* host = ssh_message_channel_request_open_destination(message.get());
    const int port = ssh_message_channel_request_open_destination_port(message.get());
    const int fd = forward_connect::begin(host == nullptr ? "" : host, port, device_.port_of);
    if (fd < 0) {
        ssh_message_reply_default(message.get());
        return;
    }
    auto& waiting = *forwards_.emplace_back(std::make_unique<pending_forward>(loop_, std::move(message), fd));
    waiting.ready = [this, &waiting] { finish_forward(waiting); };
    loop_.watch(fd, EPOLLOUT, waiting);
}

void connection::finish_forward(pending_forward& waiting) {
    const auto place =
        std::find_if(forwards_.begin(), forwards_.end(), [&](const auto& item) { return item.get() == &waiting; });
    auto owned = std::move(*place);
    forwards_.erase(place);
    loop_.forget(owned->fd, *owned);
    ssh_channel handle = nullptr;
    if (forward_connect::succeeded(owned->fd)) {
        handle = ssh_message_channel_request_open_reply_accept(owned->request.get());
    } else {
        ssh_message_reply_default(owned->request.get());
    }
    if (handle != nullptr) {
        device_.record.forwarded();
        channels_.push_back(std::make_unique<forward_channel>(*this, handle, std::exchange(owned->fd, -1)));
    }
    loop_.dispose(std::move(owned)); // it is the caller
    pump();
}

shell_channel* connection::shell_of(ssh_channel handle) {
    for (const auto& item : channels_) {
        if (item->handle() == handle) {
            return dynamic_cast<shell_channel*>(item.get());
        }
    }
    return nullptr;
}

void connection::handle_channel_request(message_handle message) {
    auto* request = message.get();
    auto* target = shell_of(ssh_message_channel_request_channel(request));
    bool granted = false;
    if (target != nullptr) {
        const auto width = static_cast<std::size_t>(std::max(0, ssh_message_channel_request_pty_width(request)));
        switch (ssh_message_subtype(request)) {
        case SSH_CHANNEL_REQUEST_PTY:
            granted = target->request_pty(width);
            break;
        case SSH_CHANNEL_REQUEST_WINDOW_CHANGE:
            target->resize(width);
            granted = true;
            break;
        case SSH_CHANNEL_REQUEST_ENV:
            granted = true;
            break;
        case SSH_CHANNEL_REQUEST_SHELL:
            granted = target->start_shell();
            break;
        case SSH_CHANNEL_REQUEST_EXEC:
            granted = target->start_exec(ssh_message_channel_request_command(request));
            break;
        default:
            break;
        }
    }
    if (granted) {
        ssh_message_channel_request_reply_success(request);
    } else {
        ssh_message_reply_default(request);
    }
}

} // namespace ferrule::simdevice
