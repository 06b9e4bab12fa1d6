/* The C library's headers, for what the kernel's do not export: sockets, umount2, directory
   entries. What jextract reads for libc.includes. */
#define _GNU_SOURCE 1
#include <fcntl.h>
#include <dirent.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <errno.h>
