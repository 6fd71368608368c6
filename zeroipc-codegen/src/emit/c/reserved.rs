//! Words that no name can be.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Words that C keeps, and macros that its usual headers and compilers define.
pub(crate) const RESERVED: &[&str] = &[
    "alignas",
    "alignof",
    "asm",
    "assert",
    "auto",
    "bool",
    "break",
    "case",
    "char",
    "complex",
    "const",
    "constexpr",
    "continue",
    "default",
    "do",
    "double",
    "else",
    "enum",
    "errno",
    "extern",
    "false",
    "float",
    "for",
    "goto",
    "if",
    "imaginary",
    "inline",
    "int",
    "linux",
    "long",
    "noreturn",
    "nullptr",
    "offsetof",
    "register",
    "restrict",
    "return",
    "short",
    "signed",
    "sizeof",
    "static",
    "static_assert",
    "stderr",
    "stdin",
    "stdout",
    "struct",
    "switch",
    "thread_local",
    "true",
    "typedef",
    "typeof",
    "typeof_unqual",
    "union",
    "unix",
    "unsigned",
    "void",
    "volatile",
    "while",
];

/// Words that C++ keeps beyond those of C.
pub(crate) const RESERVED_CPP: &[&str] = &[
    "and",
    "and_eq",
    "atomic_cancel",
    "atomic_commit",
    "atomic_noexcept",
    "bitand",
    "bitor",
    "catch",
    "char16_t",
    "char32_t",
    "char8_t",
    "class",
    "co_await",
    "co_return",
    "co_yield",
    "compl",
    "concept",
    "const_cast",
    "consteval",
    "constinit",
    "decltype",
    "delete",
    "dynamic_cast",
    "explicit",
    "export",
    "friend",
    "mutable",
    "namespace",
    "new",
    "noexcept",
    "not",
    "not_eq",
    "operator",
    "or",
    "or_eq",
    "private",
    "protected",
    "public",
    "reflexpr",
    "reinterpret_cast",
    "requires",
    "static_assert",
    "static_cast",
    "synchronized",
    "template",
    "this",
    "thread_local",
    "throw",
    "try",
    "typeid",
    "typename",
    "using",
    "virtual",
    "wchar_t",
    "xor",
    "xor_eq",
];

/// Upper-case names that the C++ standard headers define as macros, which know no namespace.
const MACROS: &str = "
    BIG_ENDIAN BUFSIZ BYTE_ORDER CHAR_BIT CHAR_MAX CHAR_MIN CLOCKS_PER_SEC CLOCK_BOOTTIME CLOCK_MONOTONIC CLOCK_REALTIME
    E2BIG EACCES EAGAIN EALREADY EBADF EBUSY ECANCELED ECHILD ECONNREFUSED ECONNRESET EDEADLK EDOM EEXIST EFAULT EFBIG
    EINPROGRESS EINTR EINVAL EIO EISCONN EISDIR ELOOP EMFILE EMLINK EMSGSIZE ENAMETOOLONG ENFILE ENOBUFS ENODATA ENODEV
    ENOENT ENOEXEC ENOLCK ENOMEM ENOMSG ENOSPC ENOSYS ENOTCONN ENOTDIR ENOTEMPTY ENOTSUP ENOTTY ENXIO EOF EOPNOTSUPP
    EOVERFLOW EPERM EPIPE EPROTO ERANGE EROFS ESPIPE ESRCH ESTALE ETIME ETIMEDOUT EWOULDBLOCK EXDEV EXIT_FAILURE
    EXIT_SUCCESS FD_SETSIZE FILENAME_MAX FOPEN_MAX FP_INFINITE FP_NAN FP_NORMAL FP_SUBNORMAL FP_ZERO F_LOCK F_OK F_TEST
    HOST_NAME_MAX HUGE_VAL INFINITY INT16_MAX INT16_MIN INT32_MAX INT32_MIN INT64_MAX INT64_MIN INT8_MAX INT8_MIN INT_MAX
    INT_MIN IOV_MAX LC_ALL LC_TIME LINE_MAX LITTLE_ENDIAN LLONG_MAX LLONG_MIN LONG_BIT LONG_MAX LONG_MIN MAXFLOAT
    MAX_CANON MAX_INPUT MOD_OFFSET MOD_STATUS M_E M_LN10 M_LN2 M_PI M_PI_2 M_PI_4 M_SQRT2 NAME_MAX NAN NULL NZERO PATH_MAX
    PIPE_BUF PTRDIFF_MAX PTRDIFF_MIN RAND_MAX R_OK SCHED_BATCH SCHED_FIFO SCHED_IDLE SCHED_OTHER SCHED_RR SEEK_CUR SEEK_END
    SEEK_SET SHRT_MAX SHRT_MIN SIZE_MAX SNAN SSIZE_MAX STA_MODE STA_NANO STA_UNSYNC TIMER_ABSTIME TIME_UTC TMP_MAX UINT16_MAX
    UINT32_MAX UINT64_MAX UINT8_MAX UINT_MAX ULLONG_MAX ULONG_MAX USHRT_MAX WCHAR_MAX WCHAR_MIN WEOF WNOHANG WNOWAIT WORD_BIT
    W_OK X_OK";

/// Functions and types that C's headers declare outside of any namespace, so that no namespace of C++ can have the name.
const GLOBALS: &str = "
    abort abs access acct acos alarm asctime asin atan atexit atof atoi atol brk bsearch calloc cbrt ceil chdir chown chroot
    clearerr clock clone close confstr copysign cos cosh creat crypt ctime daemon daylight difftime div drem dup environ erf
    erfc execl execv execve execvp exit exp expm1 fabs fclose fcntl fdim feof ferror fflush fgetc fgets fileno finite floor
    fma fmax fmin fmod fopen fork fprintf fputs fread free frexp fscanf fseek fsync ftell fwrite gamma getc getchar getcpu
    getdate getenv getline getopt getpid getppid gmtime hypot index ilogb ioctl kill labs ldexp ldiv lgamma link localtime
    lockf log logb lround lseek malloc memchr memcmp memcpy memmove memset mktime modf nan nanosleep nearbyint nextafter nice
    open openat optarg optind pause perror pclose pipe popen pow pread printf psignal putc putchar putenv puts pwrite qsort
    raise rand random read readlink realloc realpath remainder remove remquo rename rewind rindex rint rmdir round scalb scanf
    select setenv setlocale setns signal signgam sigset sin sinh sleep sprintf sqrt srand stat statx strcat strchr strcmp
    strcpy strlen strstr strtok swab symlink sync syscall sysconf system tan tanh tgamma time timegm timer timezone tmpfile
    tmpnam trunc truncate ttyname tzname tzset ungetc unlink unshare usleep vfork vhangup vprintf wait write";

/// A list of words, made once, since every name of a schema is looked for in it.
type Words = LazyLock<HashSet<&'static str>>;

static MACRO_WORDS: Words = LazyLock::new(|| MACROS.split_whitespace().collect());
static GLOBAL_WORDS: Words = LazyLock::new(|| GLOBALS.split_whitespace().collect());

/// Whether C++ sees a macro instead of the name.
pub(crate) fn is_macro(word: &str) -> bool {
    MACRO_WORDS.contains(word)
}

/// Whether C++ has a function or a type of this name outside of any namespace.
pub(crate) fn is_global(word: &str) -> bool {
    GLOBAL_WORDS.contains(word)
}
