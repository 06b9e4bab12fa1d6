package dev.gatun.linux;

/**
 * The error numbers of the kernel, {@code errno(3)}, with their names and messages. They have the
 * same values on x86-64 and on aarch64.
 */
public final class Errno {
  private Errno() {}

  /** EPERM: operation not permitted. */
  public static final int EPERM = 1;

  /** ENOENT: no such file or directory. */
  public static final int ENOENT = 2;

  /** ESRCH: no such process. */
  public static final int ESRCH = 3;

  /** EINTR: interrupted system call. */
  public static final int EINTR = 4;

  /** EIO: input/output error. */
  public static final int EIO = 5;

  /** ENXIO: no such device or address. */
  public static final int ENXIO = 6;

  /** E2BIG: argument list too long. */
  public static final int E2BIG = 7;

  /** ENOEXEC: exec format error. */
  public static final int ENOEXEC = 8;

  /** EBADF: bad file descriptor. */
  public static final int EBADF = 9;

  /** ECHILD: no child processes. */
  public static final int ECHILD = 10;

  /** EAGAIN: resource temporarily unavailable. */
  public static final int EAGAIN = 11;

  /** ENOMEM: cannot allocate memory. */
  public static final int ENOMEM = 12;

  /** EACCES: permission denied. */
  public static final int EACCES = 13;

  /** EFAULT: bad address. */
  public static final int EFAULT = 14;

  /** ENOTBLK: block device required. */
  public static final int ENOTBLK = 15;

  /** EBUSY: device or resource busy. */
  public static final int EBUSY = 16;

  /** EEXIST: file exists. */
  public static final int EEXIST = 17;

  /** EXDEV: invalid cross-device link. */
  public static final int EXDEV = 18;

  /** ENODEV: no such device. */
  public static final int ENODEV = 19;

  /** ENOTDIR: not a directory. */
  public static final int ENOTDIR = 20;

  /** EISDIR: is a directory. */
  public static final int EISDIR = 21;

  /** EINVAL: invalid argument. */
  public static final int EINVAL = 22;

  /** ENFILE: too many open files in system. */
  public static final int ENFILE = 23;

  /** EMFILE: too many open files. */
  public static final int EMFILE = 24;

  /** ENOTTY: inappropriate ioctl for device. */
  public static final int ENOTTY = 25;

  /** ETXTBSY: text file busy. */
  public static final int ETXTBSY = 26;

  /** EFBIG: file too large. */
  public static final int EFBIG = 27;

  /** ENOSPC: no space left on device. */
  public static final int ENOSPC = 28;

  /** ESPIPE: illegal seek. */
  public static final int ESPIPE = 29;

  /** EROFS: read-only file system. */
  public static final int EROFS = 30;

  /** EMLINK: too many links. */
  public static final int EMLINK = 31;

  /** EPIPE: broken pipe. */
  public static final int EPIPE = 32;

  /** EDOM: numerical argument out of domain. */
  public static final int EDOM = 33;

  /** ERANGE: numerical result out of range. */
  public static final int ERANGE = 34;

  /** EDEADLK: resource deadlock avoided. */
  public static final int EDEADLK = 35;

  /** ENAMETOOLONG: file name too long. */
  public static final int ENAMETOOLONG = 36;

  /** ENOLCK: no locks available. */
  public static final int ENOLCK = 37;

  /** ENOSYS: function not implemented. */
  public static final int ENOSYS = 38;

  /** ENOTEMPTY: directory not empty. */
  public static final int ENOTEMPTY = 39;

  /** ELOOP: too many levels of symbolic links. */
  public static final int ELOOP = 40;

  /** ENOMSG: no message of desired type. */
  public static final int ENOMSG = 42;

  /** EIDRM: identifier removed. */
  public static final int EIDRM = 43;

  /** ECHRNG: channel number out of range. */
  public static final int ECHRNG = 44;

  /** EL2NSYNC: level 2 not synchronized. */
  public static final int EL2NSYNC = 45;

  /** EL3HLT: level 3 halted. */
  public static final int EL3HLT = 46;

  /** EL3RST: level 3 reset. */
  public static final int EL3RST = 47;

  /** ELNRNG: link number out of range. */
  public static final int ELNRNG = 48;

  /** EUNATCH: protocol driver not attached. */
  public static final int EUNATCH = 49;

  /** ENOCSI: no CSI structure available. */
  public static final int ENOCSI = 50;

  /** EL2HLT: level 2 halted. */
  public static final int EL2HLT = 51;

  /** EBADE: invalid exchange. */
  public static final int EBADE = 52;

  /** EBADR: invalid request descriptor. */
  public static final int EBADR = 53;

  /** EXFULL: exchange full. */
  public static final int EXFULL = 54;

  /** ENOANO: no anode. */
  public static final int ENOANO = 55;

  /** EBADRQC: invalid request code. */
  public static final int EBADRQC = 56;

  /** EBADSLT: invalid slot. */
  public static final int EBADSLT = 57;

  /** EBFONT: bad font file format. */
  public static final int EBFONT = 59;

  /** ENOSTR: device not a stream. */
  public static final int ENOSTR = 60;

  /** ENODATA: no data available. */
  public static final int ENODATA = 61;

  /** ETIME: timer expired. */
  public static final int ETIME = 62;

  /** ENOSR: out of streams resources. */
  public static final int ENOSR = 63;

  /** ENONET: machine is not on the network. */
  public static final int ENONET = 64;

  /** ENOPKG: package not installed. */
  public static final int ENOPKG = 65;

  /** EREMOTE: object is remote. */
  public static final int EREMOTE = 66;

  /** ENOLINK: link has been severed. */
  public static final int ENOLINK = 67;

  /** EADV: advertise error. */
  public static final int EADV = 68;

  /** ESRMNT: srmount error. */
  public static final int ESRMNT = 69;

  /** ECOMM: communication error on send. */
  public static final int ECOMM = 70;

  /** EPROTO: protocol error. */
  public static final int EPROTO = 71;

  /** EMULTIHOP: multihop attempted. */
  public static final int EMULTIHOP = 72;

  /** EDOTDOT: RFS specific error. */
  public static final int EDOTDOT = 73;

  /** EBADMSG: bad message. */
  public static final int EBADMSG = 74;

  /** EOVERFLOW: value too large for defined data type. */
  public static final int EOVERFLOW = 75;

  /** ENOTUNIQ: name not unique on network. */
  public static final int ENOTUNIQ = 76;

  /** EBADFD: file descriptor in bad state. */
  public static final int EBADFD = 77;

  /** EREMCHG: remote address changed. */
  public static final int EREMCHG = 78;

  /** ELIBACC: can not access a needed shared library. */
  public static final int ELIBACC = 79;

  /** ELIBBAD: accessing a corrupted shared library. */
  public static final int ELIBBAD = 80;

  /** ELIBSCN: .lib section in a.out corrupted. */
  public static final int ELIBSCN = 81;

  /** ELIBMAX: attempting to link in too many shared libraries. */
  public static final int ELIBMAX = 82;

  /** ELIBEXEC: cannot exec a shared library directly. */
  public static final int ELIBEXEC = 83;

  /** EILSEQ: invalid or incomplete multibyte or wide character. */
  public static final int EILSEQ = 84;

  /** ERESTART: interrupted system call should be restarted. */
  public static final int ERESTART = 85;

  /** ESTRPIPE: streams pipe error. */
  public static final int ESTRPIPE = 86;

  /** EUSERS: too many users. */
  public static final int EUSERS = 87;

  /** ENOTSOCK: socket operation on non-socket. */
  public static final int ENOTSOCK = 88;

  /** EDESTADDRREQ: destination address required. */
  public static final int EDESTADDRREQ = 89;

  /** EMSGSIZE: message too long. */
  public static final int EMSGSIZE = 90;

  /** EPROTOTYPE: protocol wrong type for socket. */
  public static final int EPROTOTYPE = 91;

  /** ENOPROTOOPT: protocol not available. */
  public static final int ENOPROTOOPT = 92;

  /** EPROTONOSUPPORT: protocol not supported. */
  public static final int EPROTONOSUPPORT = 93;

  /** ESOCKTNOSUPPORT: socket type not supported. */
  public static final int ESOCKTNOSUPPORT = 94;

  /** EOPNOTSUPP: operation not supported. */
  public static final int EOPNOTSUPP = 95;

  /** EPFNOSUPPORT: protocol family not supported. */
  public static final int EPFNOSUPPORT = 96;

  /** EAFNOSUPPORT: address family not supported by protocol. */
  public static final int EAFNOSUPPORT = 97;

  /** EADDRINUSE: address already in use. */
  public static final int EADDRINUSE = 98;

  /** EADDRNOTAVAIL: cannot assign requested address. */
  public static final int EADDRNOTAVAIL = 99;

  /** ENETDOWN: network is down. */
  public static final int ENETDOWN = 100;

  /** ENETUNREACH: network is unreachable. */
  public static final int ENETUNREACH = 101;

  /** ENETRESET: network dropped connection on reset. */
  public static final int ENETRESET = 102;

  /** ECONNABORTED: software caused connection abort. */
  public static final int ECONNABORTED = 103;

  /** ECONNRESET: connection reset by peer. */
  public static final int ECONNRESET = 104;

  /** ENOBUFS: no buffer space available. */
  public static final int ENOBUFS = 105;

  /** EISCONN: transport endpoint is already connected. */
  public static final int EISCONN = 106;

  /** ENOTCONN: transport endpoint is not connected. */
  public static final int ENOTCONN = 107;

  /** ESHUTDOWN: cannot send after transport endpoint shutdown. */
  public static final int ESHUTDOWN = 108;

  /** ETOOMANYREFS: too many references: cannot splice. */
  public static final int ETOOMANYREFS = 109;

  /** ETIMEDOUT: connection timed out. */
  public static final int ETIMEDOUT = 110;

  /** ECONNREFUSED: connection refused. */
  public static final int ECONNREFUSED = 111;

  /** EHOSTDOWN: host is down. */
  public static final int EHOSTDOWN = 112;

  /** EHOSTUNREACH: no route to host. */
  public static final int EHOSTUNREACH = 113;

  /** EALREADY: operation already in progress. */
  public static final int EALREADY = 114;

  /** EINPROGRESS: operation now in progress. */
  public static final int EINPROGRESS = 115;

  /** ESTALE: stale file handle. */
  public static final int ESTALE = 116;

  /** EUCLEAN: structure needs cleaning. */
  public static final int EUCLEAN = 117;

  /** ENOTNAM: not a XENIX named type file. */
  public static final int ENOTNAM = 118;

  /** ENAVAIL: no XENIX semaphores available. */
  public static final int ENAVAIL = 119;

  /** EISNAM: is a named type file. */
  public static final int EISNAM = 120;

  /** EREMOTEIO: remote I/O error. */
  public static final int EREMOTEIO = 121;

  /** EDQUOT: disk quota exceeded. */
  public static final int EDQUOT = 122;

  /** ENOMEDIUM: no medium found. */
  public static final int ENOMEDIUM = 123;

  /** EMEDIUMTYPE: wrong medium type. */
  public static final int EMEDIUMTYPE = 124;

  /** ECANCELED: operation canceled. */
  public static final int ECANCELED = 125;

  /** ENOKEY: required key not available. */
  public static final int ENOKEY = 126;

  /** EKEYEXPIRED: key has expired. */
  public static final int EKEYEXPIRED = 127;

  /** EKEYREVOKED: key has been revoked. */
  public static final int EKEYREVOKED = 128;

  /** EKEYREJECTED: key was rejected by service. */
  public static final int EKEYREJECTED = 129;

  /** EOWNERDEAD: owner died. */
  public static final int EOWNERDEAD = 130;

  /** ENOTRECOVERABLE: state not recoverable. */
  public static final int ENOTRECOVERABLE = 131;

  /** ERFKILL: operation not possible due to RF-kill. */
  public static final int ERFKILL = 132;

  /** EHWPOISON: memory page has hardware error. */
  public static final int EHWPOISON = 133;

  /** Another name of {@link #EDEADLK}. */
  public static final int EDEADLOCK = EDEADLK;

  /** Another name of {@link #EOPNOTSUPP}. */
  public static final int ENOTSUP = EOPNOTSUPP;

  /** Another name of {@link #EAGAIN}. */
  public static final int EWOULDBLOCK = EAGAIN;

  /**
   * Returns the header's name of an error number.
   *
   * @param errno a positive error number
   * @return a name as {@code "ENOENT"}, or {@code "errno N"} for a number without a name
   */
  public static String name(int errno) {
    return switch (errno) {
      case EPERM -> "EPERM";
      case ENOENT -> "ENOENT";
      case ESRCH -> "ESRCH";
      case EINTR -> "EINTR";
      case EIO -> "EIO";
      case ENXIO -> "ENXIO";
      case E2BIG -> "E2BIG";
      case ENOEXEC -> "ENOEXEC";
      case EBADF -> "EBADF";
      case ECHILD -> "ECHILD";
      case EAGAIN -> "EAGAIN";
      case ENOMEM -> "ENOMEM";
      case EACCES -> "EACCES";
      case EFAULT -> "EFAULT";
      case ENOTBLK -> "ENOTBLK";
      case EBUSY -> "EBUSY";
      case EEXIST -> "EEXIST";
      case EXDEV -> "EXDEV";
      case ENODEV -> "ENODEV";
      case ENOTDIR -> "ENOTDIR";
      case EISDIR -> "EISDIR";
      case EINVAL -> "EINVAL";
      case ENFILE -> "ENFILE";
      case EMFILE -> "EMFILE";
      case ENOTTY -> "ENOTTY";
      case ETXTBSY -> "ETXTBSY";
      case EFBIG -> "EFBIG";
      case ENOSPC -> "ENOSPC";
      case ESPIPE -> "ESPIPE";
      case EROFS -> "EROFS";
      case EMLINK -> "EMLINK";
      case EPIPE -> "EPIPE";
      case EDOM -> "EDOM";
      case ERANGE -> "ERANGE";
      case EDEADLK -> "EDEADLK";
      case ENAMETOOLONG -> "ENAMETOOLONG";
      case ENOLCK -> "ENOLCK";
      case ENOSYS -> "ENOSYS";
      case ENOTEMPTY -> "ENOTEMPTY";
      case ELOOP -> "ELOOP";
      case ENOMSG -> "ENOMSG";
      case EIDRM -> "EIDRM";
      case ECHRNG -> "ECHRNG";
      case EL2NSYNC -> "EL2NSYNC";
      case EL3HLT -> "EL3HLT";
      case EL3RST -> "EL3RST";
      case ELNRNG -> "ELNRNG";
      case EUNATCH -> "EUNATCH";
      case ENOCSI -> "ENOCSI";
      case EL2HLT -> "EL2HLT";
      case EBADE -> "EBADE";
      case EBADR -> "EBADR";
      case EXFULL -> "EXFULL";
      case ENOANO -> "ENOANO";
      case EBADRQC -> "EBADRQC";
      case EBADSLT -> "EBADSLT";
      case EBFONT -> "EBFONT";
      case ENOSTR -> "ENOSTR";
      case ENODATA -> "ENODATA";
      case ETIME -> "ETIME";
      case ENOSR -> "ENOSR";
      case ENONET -> "ENONET";
      case ENOPKG -> "ENOPKG";
      case EREMOTE -> "EREMOTE";
      case ENOLINK -> "ENOLINK";
      case EADV -> "EADV";
      case ESRMNT -> "ESRMNT";
      case ECOMM -> "ECOMM";
      case EPROTO -> "EPROTO";
      case EMULTIHOP -> "EMULTIHOP";
      case EDOTDOT -> "EDOTDOT";
      case EBADMSG -> "EBADMSG";
      case EOVERFLOW -> "EOVERFLOW";
      case ENOTUNIQ -> "ENOTUNIQ";
      case EBADFD -> "EBADFD";
      case EREMCHG -> "EREMCHG";
      case ELIBACC -> "ELIBACC";
      case ELIBBAD -> "ELIBBAD";
      case ELIBSCN -> "ELIBSCN";
      case ELIBMAX -> "ELIBMAX";
      case ELIBEXEC -> "ELIBEXEC";
      case EILSEQ -> "EILSEQ";
      case ERESTART -> "ERESTART";
      case ESTRPIPE -> "ESTRPIPE";
      case EUSERS -> "EUSERS";
      case ENOTSOCK -> "ENOTSOCK";
      case EDESTADDRREQ -> "EDESTADDRREQ";
      case EMSGSIZE -> "EMSGSIZE";
      case EPROTOTYPE -> "EPROTOTYPE";
      case ENOPROTOOPT -> "ENOPROTOOPT";
      case EPROTONOSUPPORT -> "EPROTONOSUPPORT";
      case ESOCKTNOSUPPORT -> "ESOCKTNOSUPPORT";
      case EOPNOTSUPP -> "EOPNOTSUPP";
      case EPFNOSUPPORT -> "EPFNOSUPPORT";
      case EAFNOSUPPORT -> "EAFNOSUPPORT";
      case EADDRINUSE -> "EADDRINUSE";
      case EADDRNOTAVAIL -> "EADDRNOTAVAIL";
      case ENETDOWN -> "ENETDOWN";
      case ENETUNREACH -> "ENETUNREACH";
      case ENETRESET -> "ENETRESET";
      case ECONNABORTED -> "ECONNABORTED";
      case ECONNRESET -> "ECONNRESET";
      case ENOBUFS -> "ENOBUFS";
      case EISCONN -> "EISCONN";
      case ENOTCONN -> "ENOTCONN";
      case ESHUTDOWN -> "ESHUTDOWN";
      case ETOOMANYREFS -> "ETOOMANYREFS";
      case ETIMEDOUT -> "ETIMEDOUT";
      case ECONNREFUSED -> "ECONNREFUSED";
      case EHOSTDOWN -> "EHOSTDOWN";
      case EHOSTUNREACH -> "EHOSTUNREACH";
      case EALREADY -> "EALREADY";
      case EINPROGRESS -> "EINPROGRESS";
      case ESTALE -> "ESTALE";
      case EUCLEAN -> "EUCLEAN";
      case ENOTNAM -> "ENOTNAM";
      case ENAVAIL -> "ENAVAIL";
      case EISNAM -> "EISNAM";
      case EREMOTEIO -> "EREMOTEIO";
      case EDQUOT -> "EDQUOT";
      case ENOMEDIUM -> "ENOMEDIUM";
      case EMEDIUMTYPE -> "EMEDIUMTYPE";
      case ECANCELED -> "ECANCELED";
      case ENOKEY -> "ENOKEY";
      case EKEYEXPIRED -> "EKEYEXPIRED";
      case EKEYREVOKED -> "EKEYREVOKED";
      case EKEYREJECTED -> "EKEYREJECTED";
      case EOWNERDEAD -> "EOWNERDEAD";
      case ENOTRECOVERABLE -> "ENOTRECOVERABLE";
      case ERFKILL -> "ERFKILL";
      case EHWPOISON -> "EHWPOISON";
      default -> "errno " + errno;
    };
  }

  /**
   * Returns what an error number means, in the C library's words with a small first letter, as Go
   * and therefore runc print it.
   *
   * @param errno a positive error number
   * @return a text as {@code "no such file or directory"}
   */
  public static String message(int errno) {
    return switch (errno) {
      case EPERM -> "operation not permitted";
      case ENOENT -> "no such file or directory";
      case ESRCH -> "no such process";
      case EINTR -> "interrupted system call";
      case EIO -> "input/output error";
      case ENXIO -> "no such device or address";
      case E2BIG -> "argument list too long";
      case ENOEXEC -> "exec format error";
      case EBADF -> "bad file descriptor";
      case ECHILD -> "no child processes";
      case EAGAIN -> "resource temporarily unavailable";
      case ENOMEM -> "cannot allocate memory";
      case EACCES -> "permission denied";
      case EFAULT -> "bad address";
      case ENOTBLK -> "block device required";
      case EBUSY -> "device or resource busy";
      case EEXIST -> "file exists";
      case EXDEV -> "invalid cross-device link";
      case ENODEV -> "no such device";
      case ENOTDIR -> "not a directory";
      case EISDIR -> "is a directory";
      case EINVAL -> "invalid argument";
      case ENFILE -> "too many open files in system";
      case EMFILE -> "too many open files";
      case ENOTTY -> "inappropriate ioctl for device";
      case ETXTBSY -> "text file busy";
      case EFBIG -> "file too large";
      case ENOSPC -> "no space left on device";
      case ESPIPE -> "illegal seek";
      case EROFS -> "read-only file system";
      case EMLINK -> "too many links";
      case EPIPE -> "broken pipe";
      case EDOM -> "numerical argument out of domain";
      case ERANGE -> "numerical result out of range";
      case EDEADLK -> "resource deadlock avoided";
      case ENAMETOOLONG -> "file name too long";
      case ENOLCK -> "no locks available";
      case ENOSYS -> "function not implemented";
      case ENOTEMPTY -> "directory not empty";
      case ELOOP -> "too many levels of symbolic links";
      case ENOMSG -> "no message of desired type";
      case EIDRM -> "identifier removed";
      case ECHRNG -> "channel number out of range";
      case EL2NSYNC -> "level 2 not synchronized";
      case EL3HLT -> "level 3 halted";
      case EL3RST -> "level 3 reset";
      case ELNRNG -> "link number out of range";
      case EUNATCH -> "protocol driver not attached";
      case ENOCSI -> "no CSI structure available";
      case EL2HLT -> "level 2 halted";
      case EBADE -> "invalid exchange";
      case EBADR -> "invalid request descriptor";
      case EXFULL -> "exchange full";
      case ENOANO -> "no anode";
      case EBADRQC -> "invalid request code";
      case EBADSLT -> "invalid slot";
      case EBFONT -> "bad font file format";
      case ENOSTR -> "device not a stream";
      case ENODATA -> "no data available";
      case ETIME -> "timer expired";
      case ENOSR -> "out of streams resources";
      case ENONET -> "machine is not on the network";
      case ENOPKG -> "package not installed";
      case EREMOTE -> "object is remote";
      case ENOLINK -> "link has been severed";
      case EADV -> "advertise error";
      case ESRMNT -> "srmount error";
      case ECOMM -> "communication error on send";
      case EPROTO -> "protocol error";
      case EMULTIHOP -> "multihop attempted";
      case EDOTDOT -> "RFS specific error";
      case EBADMSG -> "bad message";
      case EOVERFLOW -> "value too large for defined data type";
      case ENOTUNIQ -> "name not unique on network";
      case EBADFD -> "file descriptor in bad state";
      case EREMCHG -> "remote address changed";
      case ELIBACC -> "can not access a needed shared library";
      case ELIBBAD -> "accessing a corrupted shared library";
      case ELIBSCN -> ".lib section in a.out corrupted";
      case ELIBMAX -> "attempting to link in too many shared libraries";
      case ELIBEXEC -> "cannot exec a shared library directly";
      case EILSEQ -> "invalid or incomplete multibyte or wide character";
      case ERESTART -> "interrupted system call should be restarted";
      case ESTRPIPE -> "streams pipe error";
      case EUSERS -> "too many users";
      case ENOTSOCK -> "socket operation on non-socket";
      case EDESTADDRREQ -> "destination address required";
      case EMSGSIZE -> "message too long";
      case EPROTOTYPE -> "protocol wrong type for socket";
      case ENOPROTOOPT -> "protocol not available";
      case EPROTONOSUPPORT -> "protocol not supported";
      case ESOCKTNOSUPPORT -> "socket type not supported";
      case EOPNOTSUPP -> "operation not supported";
      case EPFNOSUPPORT -> "protocol family not supported";
      case EAFNOSUPPORT -> "address family not supported by protocol";
      case EADDRINUSE -> "address already in use";
      case EADDRNOTAVAIL -> "cannot assign requested address";
      case ENETDOWN -> "network is down";
      case ENETUNREACH -> "network is unreachable";
      case ENETRESET -> "network dropped connection on reset";
      case ECONNABORTED -> "software caused connection abort";
      case ECONNRESET -> "connection reset by peer";
      case ENOBUFS -> "no buffer space available";
      case EISCONN -> "transport endpoint is already connected";
      case ENOTCONN -> "transport endpoint is not connected";
      case ESHUTDOWN -> "cannot send after transport endpoint shutdown";
      case ETOOMANYREFS -> "too many references: cannot splice";
      case ETIMEDOUT -> "connection timed out";
      case ECONNREFUSED -> "connection refused";
      case EHOSTDOWN -> "host is down";
      case EHOSTUNREACH -> "no route to host";
      case EALREADY -> "operation already in progress";
      case EINPROGRESS -> "operation now in progress";
      case ESTALE -> "stale file handle";
      case EUCLEAN -> "structure needs cleaning";
      case ENOTNAM -> "not a XENIX named type file";
      case ENAVAIL -> "no XENIX semaphores available";
      case EISNAM -> "is a named type file";
      case EREMOTEIO -> "remote I/O error";
      case EDQUOT -> "disk quota exceeded";
      case ENOMEDIUM -> "no medium found";
      case EMEDIUMTYPE -> "wrong medium type";
      case ECANCELED -> "operation canceled";
      case ENOKEY -> "required key not available";
      case EKEYEXPIRED -> "key has expired";
      case EKEYREVOKED -> "key has been revoked";
      case EKEYREJECTED -> "key was rejected by service";
      case EOWNERDEAD -> "owner died";
      case ENOTRECOVERABLE -> "state not recoverable";
      case ERFKILL -> "operation not possible due to RF-kill";
      case EHWPOISON -> "memory page has hardware error";
      default -> "unknown error " + errno;
    };
  }
}
