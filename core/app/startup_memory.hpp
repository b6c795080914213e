// What only starting needed need not stay resident.
#pragma once

namespace ferrule::app {

/// Gives memory back once the daemon serves: free heap, and the pages of code and constants, most of which only the
/// dynamic linker, the libraries' initialisation and the configuration touched. What is needed again comes from the
/// page cache at its next use. Pages that differ from their file, such as those with a debugger's breakpoints, stay;
/// without /proc all stay. Any thread.
void give_back_startup_memory() noexcept;

} // namespace ferrule::app
