/* harness/fault/tests/slow.h -- is this build's code ten times as slow as what is shipped?
 *
 * Campaigns as long as the program's own then do a part of themselves that still meets each kind of
 * work once; the whole is run by the builds that are not slow. */
#ifndef TL_TEST_SLOW_H
#define TL_TEST_SLOW_H

#define SLOW 0
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#undef SLOW
#define SLOW 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#undef SLOW
#define SLOW 1
#endif
#endif

#endif
