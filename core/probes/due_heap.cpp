#include "probes/due_heap.hpp"

namespace ferrule::probes {

void due_heap::set(slot which, base::steady_time at) {
    if (which >= place_of_.size())
        place_of_.resize(std::size_t{which} + 1, nowhere);
    if (place_of_[which] == nowhere) {
        heap_.emplace_back();
        settle(heap_.size() - 1, {at, which});
    } else {
        settle(place_of_[which], {at, which});
    }
}

void due_heap::remove(slot which) {
    if (which >= place_of_.size() || place_of_[which] == nowhere)
        return;
    const auto place = place_of_[which];
    place_of_[which] = nowhere;
    const auto last = heap_.back();
    heap_.pop_back();
    if (place < heap_.size())
        settle(place, last);
}

void due_heap::put(std::size_t place, entry what) {
    heap_[place] = what;
    place_of_[what.which] = place;
}

// Puts an entry into a free place, or as far above or below as its time asks for.
void due_heap::settle(std::size_t place, entry what) {
    while (place > 0) {
        const auto parent = (place - 1) / 2;
        if (heap_[parent] <= what)
            break;
        put(place, heap_[parent]);
        place = parent;
    }
    for (;;) {
        auto child = 2 * place + 1;
        if (child >= heap_.size())
            break;
        if (child + 1 < heap_.size() && heap_[child + 1] < heap_[child])
            ++child;
        if (what <= heap_[child])
            break;
        put(place, heap_[child]);
        place = child;
    }
    put(place, what);
}

} // namespace ferrule::probes
