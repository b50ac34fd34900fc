/* streamd_wait(TIMEOUT_MS), an SQL function: waits until everything that was committed before the
** call lies in all replicas of the database.
**
**   .load libstreamd_wait
**   INSERT INTO payments ...;            -- committed
**   SELECT streamd_wait(2000);           -- 1: acknowledged; 0: not within 2 seconds
**
** An error when there is no streamd, when it does not know the database, and within a transaction
** that has written: what is not committed cannot be replicated. It asks streamd over its socket
** ($STREAMD_WAIT_SOCKET, else /run/streamd/wait.sock) and never opens the database itself. */
#include <errno.h>
#include <sqlite3ext.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
SQLITE_EXTENSION_INIT1

#define EXPORTED __attribute__((visibility("default")))
#define MARGIN_SECONDS 5 /* a daemon that has not answered by then hangs */
#define MOST_REPLY 65536

static const char* socket_path(void) {
  const char* path = getenv("STREAMD_WAIT_SOCKET");
  return path != NULL && *path != '\0' ? path : "/run/streamd/wait.sock";
}

/* Text as a JSON string, without its quotes; NULL without memory. */
static char* escaped(const char* text) {
  char* out = sqlite3_malloc64(6 * strlen(text) + 1);
  char* at = out;
  if (out == NULL) return NULL;
  for (; *text != '\0'; text++) {
    unsigned char c = (unsigned char)*text;
    if (c == '"' || c == '\\') {
      *at++ = '\\';
      *at++ = (char)c;
    } else if (c < 0x20) {
      at += sprintf(at, "\\u%04x", c);
    } else {
      *at++ = (char)c;
    }
  }
  *at = '\0';
  return out;
}

/* The kernel waits with it while the daemon takes no connection, too. A signal begins the time
** anew, so there is an end to that. */
static int connect_to(int fd, const struct sockaddr_un* address, const struct timeval* patience) {
  struct timespec now;
  time_t end;
  clock_gettime(CLOCK_MONOTONIC, &now);
  end = now.tv_sec + patience->tv_sec;
  while (connect(fd, (const struct sockaddr*)address, sizeof *address) != 0) {
    if (errno == EAGAIN) errno = ETIMEDOUT;
    if (errno != EINTR) return -1;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec >= end) {
      errno = ETIMEDOUT;
      return -1;
    }
  }
  return 0;
}

/* A connected socket, or -1 and errno. */
static int open_socket(const char* path, sqlite3_int64 timeout_ms) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  struct timeval patience = {.tv_sec = (time_t)(timeout_ms / 1000) + MARGIN_SECONDS};
  int fd = -1;
  if (strlen(path) >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  strcpy(address.sun_path, path);
  fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (connect_to(fd, &address, &patience) != 0) {
    int failed = errno;
    close(fd);
    errno = failed;
    return -1;
  }
  return fd;
}

static int send_all(int fd, const char* text) {
  size_t left = strlen(text);
  while (left > 0) {
    ssize_t sent = send(fd, text, left, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return 0;
    text += sent;
    left -= (size_t)sent;
  }
  return 1;
}

/* Everything up to the end of the connection; NULL when it did not come. */
static char* receive_all(int fd) {
  char* reply = sqlite3_malloc64(MOST_REPLY);
  size_t size = 0;
  while (reply != NULL && size + 1 < MOST_REPLY) {
    ssize_t got = recv(fd, reply + size, MOST_REPLY - 1 - size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      sqlite3_free(reply);
      return NULL;
    }
    if (got == 0) break;
    size += (size_t)got;
  }
  if (reply != NULL) reply[size] = '\0';
  return reply;
}

/* The message of an error reply, or what it is instead. Ends the text at the message's end. */
static const char* message_of(char* reply) {
  static const char member[] = "\"message\":\"";
  char* message = strstr(reply, member);
  char* end = NULL;
  if (message == NULL) return "what answers at the socket is not streamd";
  message += sizeof member - 1;
  for (end = message; *end != '\0' && *end != '"'; end++)
    if (*end == '\\' && end[1] != '\0') end++;
  *end = '\0';
  return message;
}

static void answer(sqlite3_context* context, char* reply) {
  char* text = NULL;
  if (strstr(reply, "\"acknowledged\":true") != NULL) {
    sqlite3_result_int(context, 1);
  } else if (strstr(reply, "\"acknowledged\":false") != NULL) {
    sqlite3_result_int(context, 0);
  } else {
    text = sqlite3_mprintf("streamd_wait: %s", message_of(reply));
    sqlite3_result_error(context, text != NULL ? text : "streamd_wait: no memory", -1);
    sqlite3_free(text);
  }
}

static void fail(sqlite3_context* context, const char* what) {
  char* text = sqlite3_mprintf("streamd_wait: no streamd answers at %s: %s", socket_path(), what);
  sqlite3_result_error(context, text != NULL ? text : "streamd_wait: no memory", -1);
  sqlite3_free(text);
}

static void ask(sqlite3_context* context, const char* database, sqlite3_int64 timeout_ms) {
  char* name = escaped(database);
  char* body = sqlite3_mprintf("{\"database\":\"%s\",\"timeout_ms\":%lld}", name, timeout_ms);
  char* request = sqlite3_mprintf(
      "POST /v1/wait HTTP/1.1\r\nHost: streamd\r\nContent-Type: application/json\r\n"
      "Content-Length: %lld\r\nConnection: close\r\n\r\n%s",
      body != NULL ? (sqlite3_int64)strlen(body) : 0, body);
  char* reply = NULL;
  int fd = -1;
  if (name == NULL || body == NULL || request == NULL) {
    sqlite3_result_error_nomem(context);
  } else if ((fd = open_socket(socket_path(), timeout_ms)) < 0 || !send_all(fd, request)) {
    fail(context, strerror(errno));
  } else if ((reply = receive_all(fd)) == NULL) {
    fail(context, "it took the request and says nothing");
  } else {
    answer(context, reply);
  }
  if (fd >= 0) close(fd);
  sqlite3_free(reply);
  sqlite3_free(request);
  sqlite3_free(body);
  sqlite3_free(name);
}

/* SQLite 3.34 and newer tell a transaction that has written from one that only reads. */
static int has_written(sqlite3* database) {
  if (sqlite3_libversion_number() >= 3034000)
    return sqlite3_txn_state(database, NULL) == SQLITE_TXN_WRITE;
  return !sqlite3_get_autocommit(database);
}

static void streamd_wait(sqlite3_context* context, int count, sqlite3_value** values) {
  sqlite3* database = sqlite3_context_db_handle(context);
  const char* path = sqlite3_db_filename(database, "main");
  sqlite3_int64 timeout_ms = sqlite3_value_int64(values[0]);
  (void)count;
  if (sqlite3_value_numeric_type(values[0]) != SQLITE_INTEGER || timeout_ms < 0)
    sqlite3_result_error(context, "streamd_wait: the timeout is in milliseconds, 0 or more", -1);
  else if (path == NULL || *path == '\0')
    sqlite3_result_error(context, "streamd_wait: this database has no file", -1);
  else if (has_written(database))
    sqlite3_result_error(context, "streamd_wait: commit first: this transaction has written", -1);
  else
    ask(context, path, timeout_ms);
}

EXPORTED int sqlite3_streamdwait_init(sqlite3* database, char** error,
                                      const sqlite3_api_routines* api) {
  SQLITE_EXTENSION_INIT2(api)
  (void)error;
  return sqlite3_create_function(database, "streamd_wait", 1, SQLITE_UTF8 | SQLITE_DIRECTONLY, NULL,
                                 streamd_wait, NULL, NULL);
}
