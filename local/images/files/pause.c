/* Holds a pod's namespaces open and reaps whatever is left to it; ends at once when told to. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void finish(int signal) {
  (void)signal;
  _exit(0);
}

static void reap(int signal) {
  (void)signal;
  while (waitpid(-1, 0, WNOHANG) > 0) {
  }
}

int main(void) {
  signal(SIGINT, finish);
  signal(SIGTERM, finish);
  signal(SIGCHLD, reap);
  for (;;) pause();
}
