// Today's headers against the layout of ABI 1.0. Compiling is the test; layout_1_0_test.c does the same in C.
#include <ferrule/abi/driver.h>
#include <ferrule/abi/probe.h>
#include <ferrule/abi/scheduler.h>
#include <ferrule/abi/store.h>

#include <layout.h>
