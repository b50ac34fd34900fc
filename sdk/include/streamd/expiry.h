/* <streamd/expiry.h>: the extension "streamd.expiry/1" of drivers, for stores that can be told to
 * remove objects by themselves (lifecycle rules). A backup whose objects vanish by their age cannot
 * be restored, so `streamctl doctor` wants to know. Optional; what <streamd/driver.h> says of
 * memory, strings, threads and structs holds here too. */
#ifndef STREAMD_EXPIRY_H
#define STREAMD_EXPIRY_H
#include <streamd/driver.h>
#ifdef __cplusplus
extern "C" {
#endif

#define STREAMD_EXPIRY_ID "streamd.expiry/1"

/* streamd_expiry_rule.effect */
#define STREAMD_EXPIRY_REMOVES 1u  /* the object is gone, or a list does not show it any more */
#define STREAMD_EXPIRY_ARCHIVES 2u /* the object moves to where it cannot be read at once */

/* One rule in force that may meet objects that were stored without tags. */
typedef struct streamd_expiry_rule {
  uint32_t struct_size; /* set by the driver */
  uint32_t effect;      /* STREAMD_EXPIRY_* */
  uint32_t days;        /* age of an object at which it is met; 0 = on a date, or at once */
  uint32_t reserved;    /* 0 */
  const char* prefix;   /* of the keys that are met; "" = all */
  const char* name;     /* as the store shows it to people; "" = it has none */
} streamd_expiry_rule;

/* Where rules delivers. Frozen: it never grows. */
typedef struct streamd_expiry_sink {
  void* ctx; /* the host's; first argument of rule */
  /* The rule is borrowed until it returns. Anything but STREAMD_OK: stop, and return that code. */
  streamd_code (*rule)(void* ctx, const streamd_expiry_rule* rule);
} streamd_expiry_sink;

typedef struct streamd_expiry {
  uint32_t struct_size; /* set by the driver */
  uint32_t reserved;    /* 0 */
  /* Delivers each rule of the storage that removes or archives whole objects by their age. Rules
   * about old versions and unfinished uploads are left out. PERMISSION: the credentials may not
   * look; UNSUPPORTED: this endpoint knows no rules. Any thread. */
  streamd_code (*rules)(void* instance, const streamd_call* call, const streamd_expiry_sink* sink);
} streamd_expiry;

#ifdef __cplusplus
}
#endif
#endif
