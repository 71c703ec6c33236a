/* SPDX-License-Identifier: BSD-3-Clause */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "socket/program.h"
#include "socket/real.h"

#define SCRIPT_HEAD  256 /* octets that the kernel looks at */
#define SCRIPT_DEPTH 5   /* scripts that interpret scripts */
#define HEADERS_MAX  256 /* program headers and sections looked at */
#define NOTES_MAX    4096
#define GO_BUILD_ID  4 /* type of the note of name Go */

#if __SIZEOF_POINTER__ == 8
typedef Elf64_Ehdr elf_header;
typedef Elf64_Phdr elf_segment;
typedef Elf64_Shdr elf_section;
typedef Elf64_Nhdr elf_note;
#else
typedef Elf32_Ehdr elf_header;
typedef Elf32_Phdr elf_segment;
typedef Elf32_Shdr elf_section;
typedef Elf32_Nhdr elf_note;
#endif

extern const elf_header __ehdr_start __attribute__((visibility("hidden"))); /* our own */

/* ---- PATH ---- */

static int is_executable(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

int mcr_program_find(char path[PATH_MAX], const char *file, const char *search)
{
	size_t n = strlen(file);
	int ret = -ENOENT;

	if (n == 0)
		return -ENOENT;
	errno = 0;
	if (strchr(file, '/')) {
		if (n >= PATH_MAX)
			return -ENAMETOOLONG;
		memcpy(path, file, n + 1);
		return access(path, X_OK) == 0 ? 0 : -errno;
	}
	if (!search)
		search = "/bin:/usr/bin";
	for (const char *end; search; search = *end ? end + 1 : NULL) {
		size_t len = (size_t)((end = strchrnul(search, ':')) - search);

		if (len + 1 + n >= PATH_MAX)
			continue;
		memcpy(path, search, len);
		if (len > 0)
			path[len++] = '/';
		memcpy(path + len, file, n + 1);
		if (is_executable(path))
			return 0;
		if (errno == EACCES)
			ret = -EACCES;
	}
	return ret;
}

/* ---- ELF ---- */

/* Reads exactly len octets. */
static int read_at(int fd, void *buf, size_t len, uint64_t offset)
{
	return offset <= INT64_MAX && pread(fd, buf, len, (off_t)offset) == (ssize_t)len;
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The loader of this process. */
static const char *own_loader(void)
{
	const elf_segment *headers = (const elf_segment *)getauxval(AT_PHDR);
	unsigned long n = getauxval(AT_PHNUM);
	uintptr_t bias = 0;

	for (unsigned long i = 0; headers && i < n; i++)
		if (headers[i].p_type == PT_PHDR)
			bias = (uintptr_t)headers - headers[i].p_vaddr;
	for (unsigned long i = 0; headers && i < n; i++)
		if (headers[i].p_type == PT_INTERP)
			return (const char *)(bias + headers[i].p_vaddr);
	return NULL;
}

static unsigned look_at_loader(int fd, const elf_segment *header)
{
	const char *own = own_loader();
	char loader[PATH_MAX];

	if (!own || header->p_filesz == 0 || header->p_filesz >= sizeof(loader) ||
	    !read_at(fd, loader, header->p_filesz, header->p_offset))
		return 0;
	loader[header->p_filesz] = '\0';
	return strcmp(base_of(own), base_of(loader)) != 0 ? MCR_PROGRAM_LIBC : 0;
}

static size_t padded(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

static unsigned look_at_notes(int fd, const elf_segment *header)
{
	union {
		uint8_t octets[NOTES_MAX];
		elf_note align;
	} notes;
	size_t len = header->p_filesz < NOTES_MAX ? header->p_filesz : NOTES_MAX;

	if (!read_at(fd, notes.octets, len, header->p_offset))
		return 0;
	for (size_t at = 0; len - at >= sizeof(elf_note);) {
		elf_note note;
		size_t room = len - at - sizeof(note);

		memcpy(&note, notes.octets + at, sizeof(note));
		if (note.n_namesz > room || padded(note.n_namesz) > room)
			break;
		if (note.n_type == GO_BUILD_ID && note.n_namesz >= sizeof("Go") &&
		    memcmp(notes.octets + at + sizeof(note), "Go", sizeof("Go")) == 0)
			return MCR_PROGRAM_GO;
		room -= padded(note.n_namesz);
		if (note.n_descsz > room || padded(note.n_descsz) > room)
			break;
		at += sizeof(note) + padded(note.n_namesz) + padded(note.n_descsz);
	}
	return 0;
}

/* Who strips the build id leaves these sections. */
static unsigned look_at_sections(int fd, const elf_header *elf)
{
	elf_section names, section;
	char name[sizeof(".go.buildinfo")];

	if (elf->e_shentsize != sizeof(section) || elf->e_shnum > HEADERS_MAX ||
	    elf->e_shstrndx >= elf->e_shnum ||
	    !read_at(fd, &names, sizeof(names),
		     elf->e_shoff + (uint64_t)elf->e_shstrndx * sizeof(names)))
		return 0;
	for (unsigned i = 0; i < elf->e_shnum; i++)
		if (read_at(fd, &section, sizeof(section),
			    elf->e_shoff + (uint64_t)i * sizeof(section)) &&
		    read_at(fd, name, sizeof(name), names.sh_offset + section.sh_name) &&
		    (memcmp(name, ".go.buildinfo", sizeof(name)) == 0 ||
		     memcmp(name, ".gopclntab", sizeof(".gopclntab")) == 0))
			return MCR_PROGRAM_GO;
	return 0;
}

static int is_foreign(const elf_header *elf)
{
	return elf->e_ident[EI_CLASS] != __ehdr_start.e_ident[EI_CLASS] ||
	       elf->e_ident[EI_DATA] != __ehdr_start.e_ident[EI_DATA] ||
	       elf->e_machine != __ehdr_start.e_machine;
}

static unsigned look_at_elf(int fd, const elf_header *elf)
{
	unsigned traits = MCR_PROGRAM_STATIC;
	elf_segment header;

	if (is_foreign(elf))
		return MCR_PROGRAM_FOREIGN;
	for (unsigned i = 0; i < elf->e_phnum && i < HEADERS_MAX; i++) {
		if (!read_at(fd, &header, sizeof(header),
			     elf->e_phoff + (uint64_t)i * sizeof(header)))
			break;
		if (header.p_type == PT_INTERP) {
			traits &= ~(unsigned)MCR_PROGRAM_STATIC;
			traits |= look_at_loader(fd, &header);
		} else if (header.p_type == PT_NOTE) {
			traits |= look_at_notes(fd, &header);
		}
	}
	return traits & MCR_PROGRAM_GO ? traits : traits | look_at_sections(fd, elf);
}

/* ---- privileges ---- */

/* The loader ignores preloads where the kernel raises privileges: not for root, whose they are, and
 * not on a file system that is mounted without them. */
static unsigned look_at_privileges(int fd)
{
	unsigned traits = 0;
	struct statvfs mounted;
	struct stat st;

	if (fstat(fd, &st) < 0 || (fstatvfs(fd, &mounted) == 0 && mounted.f_flag & ST_NOSUID))
		return 0;
	if (st.st_mode & S_ISUID && st.st_uid != getuid())
		traits |= MCR_PROGRAM_SETID;
	if (st.st_mode & S_ISGID && st.st_mode & S_IXGRP && st.st_gid != getgid())
		traits |= MCR_PROGRAM_SETID;
	if (getuid() != 0 && fgetxattr(fd, "security.capability", NULL, 0) > 0)
		traits |= MCR_PROGRAM_CAPABLE;
	return traits;
}

/* ---- files ---- */

/* interpreter_of writes the path behind #! in place of the head. Returns 0 if there is none. */
static int interpreter_of(char head[SCRIPT_HEAD + 1], ssize_t len)
{
	char *path = head + 2;

	head[len] = '\0';
	head[strcspn(head, "\n")] = '\0';
	path += strspn(path, " \t");
	path[strcspn(path, " \t")] = '\0';
	memmove(head, path, strlen(path) + 1);
	return *head != '\0';
}

/* Returns 0, -errno, or 1: *out has the path of an interpreter, which is to be looked at. */
static int look_at_file(struct mcr_program *out, int fd)
{
	union {
		char text[SCRIPT_HEAD + 1];
		elf_header elf;
	} head;
	ssize_t len = pread(fd, head.text, SCRIPT_HEAD, 0);

	if (len < 0)
		return -errno;
	if (len >= (ssize_t)sizeof(head.elf) && memcmp(head.text, ELFMAG, SELFMAG) == 0) {
		out->traits = look_at_elf(fd, &head.elf) | look_at_privileges(fd);
		return 0;
	}
	if (len < 2 || memcmp(head.text, "#!", 2) != 0 || !interpreter_of(head.text, len))
		return -ENOEXEC;
	strcpy(out->path, head.text);
	return 1;
}

int mcr_program_inspect(struct mcr_program *out, int dir, const char *path)
{
	int ret = 1;

	out->traits = 0;
	if (strlen(path) >= sizeof(out->path))
		return -ENAMETOOLONG;
	strcpy(out->path, path);
	for (int depth = 0; ret == 1; depth++) {
		int is_open = *out->path == '\0', fd = dir;

		if (depth > SCRIPT_DEPTH)
			return -ELOOP;
		if (!is_open)
			fd = openat(dir, out->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		if (fd < 0)
			return -errno;
		ret = look_at_file(out, fd);
		if (!is_open)
			mcr_real.close(fd);
		dir = AT_FDCWD;
	}
	return ret;
}
