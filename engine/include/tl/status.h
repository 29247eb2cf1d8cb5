/* engine/include/tl/status.h -- what can go wrong, named once.  Results JSON prints the name. */
#ifndef TL_STATUS_H
#define TL_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#define TL_STATUS_MAP(X)                                                                           \
    X(TL_OK, "success")                                                                            \
    X(TL_NOT_FOUND, "no such key, file or neighbour")                                              \
    X(TL_EXISTS, "key is already present")                                                         \
    X(TL_INVALID, "argument outside its documented range")                                         \
    X(TL_BUSY, "held by another opener, writer or transaction")                                    \
    X(TL_NO_MEMORY, "allocation failed")                                                           \
    X(TL_NO_SPACE, "the file limit or the disk is full; nothing changed")                          \
    X(TL_IO, "the disk refused")                                                                   \
    X(TL_ACCESS, "the operating system denied access")                                             \
    X(TL_CORRUPT, "stored bytes contradict the format")                                            \
    X(TL_POISONED, "an earlier write failed; reopen to recover")                                   \
    X(TL_KEY_SIZE, "key is empty or longer than the store allows")                                 \
    X(TL_VALUE_SIZE, "value is longer than the store allows")                                      \
    X(TL_READ_ONLY, "the store or transaction is read-only")                                       \
    X(TL_NOT_OURS, "not a treelab file")                                                           \
    X(TL_VERSION, "written by a newer version of the format")                                      \
    X(TL_UNSUPPORTED, "this store has no such operation")

#define TL_STATUS_AS_ENUM(name, text) name,
typedef enum tl_status { TL_STATUS_MAP(TL_STATUS_AS_ENUM) TL_STATUS_COUNT } tl_status;

#define TL_MUST_USE __attribute__((warn_unused_result))

const char *tl_status_name(tl_status status); /* "TL_CORRUPT"; never NULL */
const char *tl_status_text(tl_status status); /* "stored bytes contradict the format"; never NULL */

#ifdef __cplusplus
}
#endif
#endif
