// A name service that does not answer: getaddrinfo is ours in the program that includes this, once.
#pragma once
#include <dlfcn.h>
#include <netdb.h>

#include <chrono>
#include <cstring>
#include <thread>

// How long silent.example is waited for; what ends sooner was not kept waiting.
constexpr auto kSilence = std::chrono::seconds(5);

// Seen by libraries too.
extern "C" __attribute__((visibility("default"))) int getaddrinfo(const char* name,
                                                                  const char* service,
                                                                  const addrinfo* hints,
                                                                  addrinfo** found) {
  if (name != nullptr && std::strstr(name, "silent.example") != nullptr) {
    std::this_thread::sleep_for(kSilence);
    return EAI_AGAIN;
  }
  using Function = int(const char*, const char*, const addrinfo*, addrinfo**);
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, "getaddrinfo"))(name, service, hints,
                                                                        found);
}
