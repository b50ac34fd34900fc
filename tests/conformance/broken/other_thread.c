/* Fault: reads the source on a thread of its own. */
#include <pthread.h>

#include "broken.h"

struct job {
  void* instance;
  const streamd_call* call;
  const streamd_put* request;
  const streamd_source* source;
  streamd_object* out;
  streamd_code code;
};

static void* work(void* argument) {
  struct job* job = argument;
  job->code = memory_put(job->instance, job->call, job->request, job->source, job->out);
  return NULL;
}

static streamd_code put(void* instance, const streamd_call* call, const streamd_put* request,
                        const streamd_source* source, streamd_object* out) {
  struct job job = {instance, call, request, source, out, STREAMD_INTERNAL};
  pthread_t thread;
  if (pthread_create(&thread, NULL, work, &job) != 0) return STREAMD_TRANSIENT;
  pthread_join(thread, NULL);
  return job.code;
}

BROKEN_DRIVER(put, put)
