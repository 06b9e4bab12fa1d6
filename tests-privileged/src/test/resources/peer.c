/* The other side of sockets, for tests: what a service manager, a service and a receiver of pidfds do. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static socklen_t address(const char *path, struct sockaddr_un *to) {
  memset(to, 0, sizeof *to);
  to->sun_family = AF_UNIX;
  strncpy(to->sun_path, path, sizeof to->sun_path - 1);
  if (path[0] == '@') {
    to->sun_path[0] = 0;
    return sizeof to->sun_family + strlen(path);
  }
  return sizeof *to;
}

static int bound(int type, const char *path) {
  struct sockaddr_un to;
  socklen_t size = address(path, &to);
  int fd = socket(AF_UNIX, type, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&to, size) < 0) {
    fail(path);
  }
  return fd;
}

/* manager PATH: prints each datagram as a line, its line breaks as bars, and who sent it. */
static void manager(const char *path) {
  int fd = bound(SOCK_DGRAM, path), on = 1;
  if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0) {
    fail("SO_PASSCRED");
  }
  printf("listening\n");
  fflush(stdout);
  for (;;) {
    char text[4096], control[CMSG_SPACE(sizeof(struct ucred))];
    struct iovec part = {text, sizeof text};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t got = recvmsg(fd, &message, 0);
    if (got < 0) {
      fail("recvmsg");
    }
    for (ssize_t i = 0; i < got; i++) {
      putchar(text[i] == '\n' ? '|' : text[i]);
    }
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_type == SCM_CREDENTIALS) {
      struct ucred from;
      memcpy(&from, CMSG_DATA(header), sizeof from);
      printf(" from %d", from.pid);
    }
    putchar('\n');
    fflush(stdout);
  }
}

/* say TEXT...: sends each text to NOTIFY_SOCKET. */
static void say(char **texts) {
  struct sockaddr_un to;
  const char *path = getenv("NOTIFY_SOCKET");
  if (!path) {
    fprintf(stderr, "no NOTIFY_SOCKET\n");
    exit(2);
  }
  socklen_t size = address(path, &to);
  int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  for (; *texts; texts++) {
    if (sendto(fd, *texts, strlen(*texts), 0, (struct sockaddr *)&to, size) < 0) {
      fail(path);
    }
  }
}

/* pidfd PATH SIGNAL: prints the word that comes with a pidfd and whose it is, and sends a signal; none, and hangs up, if it is negative. */
static void pidfd(const char *path, int signal) {
  int listening = bound(SOCK_STREAM, path);
  if (listen(listening, 1) < 0) {
    fail("listen");
  }
  printf("listening\n");
  fflush(stdout);
  int fd = accept(listening, NULL, NULL), sent = -1;
  if (signal < 0) {
    exit(0);
  }
  char text[64] = "", control[CMSG_SPACE(8 * sizeof(int))], line[256];
  struct iovec part = {text, sizeof text - 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  ssize_t got = recvmsg(fd, &message, 0);
  if (got <= 0) {
    printf("nothing\n");
    exit(3);
  }
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (!header || header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(sizeof(int))) {
    printf("not one descriptor\n");
    exit(3);
  }
  memcpy(&sent, CMSG_DATA(header), sizeof sent);
  printf("word %s\n", text);
  snprintf(line, sizeof line, "/proc/self/fdinfo/%d", sent);
  FILE *info = fopen(line, "r");
  while (info && fgets(line, sizeof line, info)) {
    if (strncmp(line, "Pid:", 4) == 0) {
      printf("pid %d\n", atoi(line + 4));
    }
  }
  if (syscall(SYS_pidfd_send_signal, sent, signal, NULL, 0) < 0) {
    fail("pidfd_send_signal");
  }
}

int main(int argc, char **argv) {
  signal(SIGPIPE, SIG_IGN);
  if (argc > 2 && strcmp(argv[1], "manager") == 0) {
    manager(argv[2]);
  } else if (argc > 2 && strcmp(argv[1], "say") == 0) {
    say(argv + 2);
  } else if (argc > 3 && strcmp(argv[1], "pidfd") == 0) {
    pidfd(argv[2], atoi(argv[3]));
  } else {
    return 2;
  }
  return 0;
}
