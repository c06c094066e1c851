// The few Linux declarations that load.c needs, for a compiler without system headers (Bun's TinyCC). 64-bit only.
typedef unsigned char uint8_t;
typedef unsigned short uint16_t;
typedef unsigned int uint32_t;
typedef unsigned long uint64_t;
typedef unsigned long size_t;
typedef long ssize_t;

#define NULL ((void *)0)
#define stdout NULL // fflush(NULL) flushes every stream
#define AF_INET 2
#define SOCK_DGRAM 2
#define SOCK_NONBLOCK 04000
#define MSG_DONTWAIT 0x40
#define EPOLLIN 1
#define EPOLL_CTL_ADD 1
#define CLOCK_MONOTONIC 1
#define CLOCK_PROCESS_CPUTIME_ID 2
#define RLIMIT_NOFILE 7

struct in_addr { uint32_t s_addr; };
struct sockaddr { uint16_t sa_family; char sa_data[14]; };
struct sockaddr_in { uint16_t sin_family; uint16_t sin_port; struct in_addr sin_addr; uint8_t sin_zero[8]; };
struct iovec { void *iov_base; size_t iov_len; };
struct msghdr {
	void *msg_name;
	uint32_t msg_namelen;
	struct iovec *msg_iov;
	size_t msg_iovlen;
	void *msg_control;
	size_t msg_controllen;
	int msg_flags;
};
struct mmsghdr { struct msghdr msg_hdr; uint32_t msg_len; };
struct timespec { long tv_sec; long tv_nsec; };
struct rlimit { uint64_t rlim_cur; uint64_t rlim_max; };
typedef union { void *ptr; int fd; uint32_t u32; uint64_t u64; } epoll_data_t;
struct epoll_event {
	uint32_t events;
	epoll_data_t data;
}
#ifdef __x86_64__
__attribute__((packed))
#endif
;

int printf(const char *, ...);
int snprintf(char *, size_t, const char *, ...);
int fflush(void *);
void perror(const char *);
void *calloc(size_t, size_t);
void free(void *);
int atoi(const char *);
int strcmp(const char *, const char *);
int memcmp(const void *, const void *, size_t);
void *memcpy(void *, const void *, size_t);
void *memset(void *, int, size_t);
uint16_t htons(uint16_t);
uint32_t htonl(uint32_t);
int socket(int, int, int);
int connect(int, const struct sockaddr *, uint32_t);
int close(int);
int recvmmsg(int, struct mmsghdr *, unsigned, int, struct timespec *);
int sendmmsg(int, struct mmsghdr *, unsigned, int);
int epoll_create1(int);
int epoll_ctl(int, int, int, struct epoll_event *);
int epoll_wait(int, struct epoll_event *, int, int);
int clock_gettime(int, struct timespec *);
int getrlimit(int, struct rlimit *);
int setrlimit(int, const struct rlimit *);
