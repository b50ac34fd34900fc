/* Inserted into an SQLite amalgamation, before its wal.c, by fault_points.py. Test builds only.
**
** FAULT_POINTS="point:action:probability[:microseconds],..."   action = kill | sleep
** At each named point the process, with that probability, kills itself or sleeps up to that long.
*/
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FAULT_MAX = 32 };
static struct FaultPoint {
  char name[24];
  char action[8];
  double probability;
  int microseconds;
} faultPoints[FAULT_MAX];
static int faultCount = -1; /* not read yet */
static unsigned int faultState;

static void faultSetUp(void) {
  const char* text = getenv("FAULT_POINTS");
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  faultState = (unsigned)getpid() * 2654435761u ^ (unsigned)now.tv_nsec;
  faultCount = 0;
  while (text != 0 && faultCount < FAULT_MAX) {
    struct FaultPoint* point = &faultPoints[faultCount];
    if (sscanf(text, "%23[^:]:%7[^:]:%lf:%d", point->name, point->action, &point->probability,
               &point->microseconds) >= 3) {
      faultCount++;
    }
    text = strchr(text, ',');
    if (text != 0) text++;
  }
}

static double faultRandom(void) {
  faultState = faultState * 1103515245u + 12345u;
  return ((faultState >> 8) & 0xffffff) / (double)0x1000000;
}

static void faultPoint(const char* name) {
  int i;
  if (faultCount < 0) faultSetUp();
  for (i = 0; i < faultCount; i++) {
    if (strcmp(faultPoints[i].name, name) != 0 || faultRandom() >= faultPoints[i].probability)
      continue;
    if (faultPoints[i].action[0] == 'k') kill(getpid(), SIGKILL);
    usleep((unsigned)(faultRandom() * faultPoints[i].microseconds) + 1);
  }
}
