/* SPDX-License-Identifier: BSD-3-Clause */
/* What a program's file says about whether the library can be loaded with it. The files are made
 * here, octet by octet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "socket/program.h"

#if __SIZEOF_POINTER__ == 8
typedef Elf64_Ehdr elf_header;
typedef Elf64_Phdr elf_segment;
typedef Elf64_Shdr elf_section;
#else
typedef Elf32_Ehdr elf_header;
typedef Elf32_Phdr elf_segment;
typedef Elf32_Shdr elf_section;
#endif

static char folder[] = "/tmp/mcring-program-XXXXXX";

/* A program as small as can be: headers, two segments, what they hold. */
struct program {
	elf_header elf;
	elf_segment segments[2];
	char loader[64];
	struct {
		uint32_t name_len, len, type;
		char name[4];
		char id[8];
	} note;
	elf_section sections[2];
	char names[64];
};

static void make_program(struct program *p)
{
	elf_header own;
	int fd = open("/proc/self/exe", O_RDONLY);

	memset(p, 0, sizeof(*p));
	assert_int_equal(read(fd, &own, sizeof(own)), sizeof(own));
	close(fd);
	memcpy(p->elf.e_ident, own.e_ident, sizeof(own.e_ident));
	p->elf.e_machine = own.e_machine;
	p->elf.e_type = ET_DYN;
	p->elf.e_phoff = offsetof(struct program, segments);
	p->elf.e_phentsize = sizeof(elf_segment);
	p->elf.e_phnum = 2;
	p->segments[0] = (elf_segment){.p_type = PT_INTERP,
				       .p_offset = offsetof(struct program, loader),
				       .p_filesz = sizeof(p->loader)};
	p->segments[1] = (elf_segment){.p_type = PT_NOTE,
				       .p_offset = offsetof(struct program, note),
				       .p_filesz = sizeof(p->note)};
	p->note.name_len = 4;
	p->note.len = sizeof(p->note.id);
	p->note.type = NT_GNU_BUILD_ID;
	memcpy(p->note.name, "GNU", 4);
	p->elf.e_shoff = offsetof(struct program, sections);
	p->elf.e_shentsize = sizeof(elf_section);
	p->elf.e_shnum = 2;
	p->elf.e_shstrndx = 1;
	p->sections[0].sh_name = 1;
	p->sections[1].sh_offset = offsetof(struct program, names);
	strcpy(p->names + 1, ".text");
}

/* The loader that this test itself has. */
static void with_own_loader(struct program *p)
{
	struct mcr_program own;
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];

	assert_int_equal(mcr_program_inspect(&own, AT_FDCWD, "/proc/self/exe"), 0);
	assert_int_equal(own.traits, 0);
	while (fgets(line, sizeof(line), maps)) {
		char *name = strstr(line, "/ld-");

		if (name)
			snprintf(p->loader, sizeof(p->loader), "/somewhere%.*s",
				 (int)strcspn(name, "\n"), name);
	}
	fclose(maps);
	assert_true(*p->loader);
}

static const char *put(const char *name, const void *octets, size_t len, mode_t mode)
{
	static char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0700);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, octets, len), len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	return path;
}

static unsigned traits_of(const char *path)
{
	struct mcr_program program;

	assert_int_equal(mcr_program_inspect(&program, AT_FDCWD, path), 0);
	return program.traits;
}

static unsigned traits_of_program(const struct program *p)
{
	return traits_of(put("program", p, sizeof(*p), 0755));
}

static void a_dynamic_program_can_be_run_with_it(void **state)
{
	struct program p;

	make_program(&p);
	with_own_loader(&p);
	assert_int_equal(traits_of_program(&p), 0);
}

static void a_static_program_cannot(void **state)
{
	struct program p;

	make_program(&p);
	p.segments[0].p_type = PT_LOAD;
	assert_int_equal(traits_of_program(&p), MCR_PROGRAM_STATIC);
	p.elf.e_phnum = 0;
	assert_int_equal(traits_of_program(&p), MCR_PROGRAM_STATIC);
	p.elf.e_phnum = 2;
	p.elf.e_phoff = UINT32_MAX; /* nothing is there */
	assert_int_equal(traits_of_program(&p), MCR_PROGRAM_STATIC);
}

static void a_program_of_another_machine_cannot(void **state)
{
	struct program p;

	make_program(&p);
	p.elf.e_machine = EM_S390;
	assert_int_equal(traits_of_program(&p), MCR_PROGRAM_FOREIGN);
	make_program(&p);
	p.elf.e_ident[EI_CLASS] ^= ELFCLASS32 ^ ELFCLASS64;
	assert_int_equal(traits_of_program(&p), MCR_PROGRAM_FOREIGN);
	make_program(&p);
	p.elf.e_ident[EI_DATA] ^= ELFDATA2LSB ^ ELFDATA2MSB;
	assert_int_equal(traits_of_program(&p), MCR_PROGRAM_FOREIGN);
}

static void a_program_of_another_libc_cannot(void **state)
{
	struct program p;

	make_program(&p);
	strcpy(p.loader, "/lib/ld-musl-x86_64.so.1");
	assert_int_equal(traits_of_program(&p), MCR_PROGRAM_LIBC);
}

static void a_program_of_go_is_told_by_its_note_or_its_sections(void **state)
{
	struct program p;

	make_program(&p);
	with_own_loader(&p);
	p.note.type = 4;
	memcpy(p.note.name, "Go\0", 4);
	assert_int_equal(traits_of_program(&p), MCR_PROGRAM_GO);
	p.note.name_len = 3; /* padded to 4 */
	assert_int_equal(traits_of_program(&p), MCR_PROGRAM_GO);
	memcpy(p.note.name, "Gp\0", 4);
	assert_int_equal(traits_of_program(&p), 0);
	strcpy(p.names + 1, ".go.buildinfo");
	assert_int_equal(traits_of_program(&p), MCR_PROGRAM_GO);
	strcpy(p.names + 1, ".go.buildinfos");
	assert_int_equal(traits_of_program(&p), 0);
	strcpy(p.names + 1, ".gopclntab");
	p.segments[0].p_type = PT_LOAD;
	assert_int_equal(traits_of_program(&p), MCR_PROGRAM_GO | MCR_PROGRAM_STATIC);
}

/* Lengths and offsets that lead out of the file, or around. */
static void hostile_headers_harm_nobody(void **state)
{
	struct program p;
	uint32_t lengths[] = {0, 1, 3, 13, 100, 0x7fffffff, 0xfffffffc, 0xfffffffd, 0xffffffff};

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		for (size_t k = 0; k < sizeof(lengths) / sizeof(lengths[0]); k++) {
			make_program(&p);
			with_own_loader(&p);
			p.note.name_len = lengths[i];
			p.note.len = lengths[k];
			assert_int_equal(traits_of_program(&p), 0);
		}
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		make_program(&p);
		with_own_loader(&p);
		p.segments[0].p_offset = p.segments[1].p_offset = lengths[i];
		p.segments[1].p_filesz = lengths[i];
		p.sections[0].sh_name = lengths[i];
		p.sections[1].sh_offset = lengths[i];
		assert_int_equal(traits_of_program(&p) & ~(unsigned)MCR_PROGRAM_LIBC, 0);
		p.elf.e_shoff = lengths[i];
		p.elf.e_shstrndx = (uint16_t)lengths[i];
		p.elf.e_shnum = UINT16_MAX;
		p.elf.e_phnum = UINT16_MAX;
		traits_of_program(&p);
	}
	for (size_t len = 0; len < sizeof(p); len += 7) {
		struct mcr_program program;

		make_program(&p);
		mcr_program_inspect(&program, AT_FDCWD, put("short", &p, len, 0755));
	}
}

static void a_script_is_as_its_interpreter(void **state)
{
	struct mcr_program program;
	struct program p;
	char script[300], text[300];

	make_program(&p);
	p.segments[0].p_type = PT_LOAD;
	snprintf(script, sizeof(script), "#! \t%s -x -y\nexit\n",
		 put("program", &p, sizeof(p), 0755));
	assert_int_equal(
	    mcr_program_inspect(&program, AT_FDCWD, put("script", script, strlen(script), 0755)),
	    0);
	assert_int_equal(program.traits, MCR_PROGRAM_STATIC);
	assert_string_equal(strrchr(program.path, '/'), "/program");
	snprintf(script, sizeof(script), "#!%s/script", folder); /* no end of the line */
	assert_int_equal(traits_of(put("second", script, strlen(script), 0755)),
			 MCR_PROGRAM_STATIC);
	snprintf(text, sizeof(text), "#!%s/self\n", folder);
	assert_int_equal(
	    mcr_program_inspect(&program, AT_FDCWD, put("self", text, strlen(text), 0755)), -ELOOP);
	assert_int_equal(mcr_program_inspect(&program, AT_FDCWD, put("none", "#!\n", 3, 0755)),
			 -ENOEXEC);
	assert_int_equal(mcr_program_inspect(&program, AT_FDCWD, put("text", "echo\n", 5, 0755)),
			 -ENOEXEC);
	assert_int_equal(mcr_program_inspect(&program, AT_FDCWD, put("empty", "", 0, 0755)),
			 -ENOEXEC);
	assert_int_equal(mcr_program_inspect(&program, AT_FDCWD, "/nonexistent"), -ENOENT);
}

static void a_file_can_be_named_by_descriptor(void **state)
{
	struct mcr_program program;
	struct program p;
	int fd;

	make_program(&p);
	p.segments[0].p_type = PT_LOAD;
	fd = open(put("program", &p, sizeof(p), 0755), O_RDONLY);
	assert_int_equal(mcr_program_inspect(&program, fd, ""), 0);
	assert_int_equal(program.traits, MCR_PROGRAM_STATIC);
	assert_int_equal(fcntl(fd, F_GETFD) >= 0, 1);
	close(fd);
	fd = open(folder, O_RDONLY | O_DIRECTORY);
	assert_int_equal(mcr_program_inspect(&program, fd, "program"), 0);
	assert_int_equal(program.traits, MCR_PROGRAM_STATIC);
	close(fd);
}

/* For root, a set-user-ID file of root's raises nothing. */
static void who_gets_privileges_cannot(void **state)
{
	struct program p;
	const char *path;

	make_program(&p);
	with_own_loader(&p);
	path = put("program", &p, sizeof(p), 04755);
	assert_int_equal(traits_of(path), 0);
	if (geteuid() != 0)
		return;
	assert_int_equal(chown(path, 65534, (gid_t)-1), 0);
	assert_int_equal(chmod(path, 04755), 0);
	assert_int_equal(traits_of(path), MCR_PROGRAM_SETID);
	assert_int_equal(chown(path, 0, 65534), 0);
	assert_int_equal(chmod(path, 02755), 0);
	assert_int_equal(traits_of(path), MCR_PROGRAM_SETID);
	assert_int_equal(chmod(path, 02745), 0); /* not executable by the group: a lock's mark */
	assert_int_equal(traits_of(path), 0);
}

static void file_capabilities_are_seen_by_who_is_not_root(void **state)
{
	/* VFS_CAP_REVISION_2, effective; CAP_NET_RAW. */
	static const uint32_t capability[5] = {0x02000001, 1 << 13, 0, 0, 0};
	struct program p;
	const char *path;
	unsigned traits;

	make_program(&p);
	with_own_loader(&p);
	path = put("program", &p, sizeof(p), 0755);
	if (setxattr(path, "security.capability", capability, sizeof(capability), 0) < 0)
		skip();
	assert_int_equal(traits_of(path), 0);
	assert_int_equal(chmod(folder, 0755), 0);
	assert_int_equal(setresuid(65534, 65534, 0), 0);
	traits = traits_of(path);
	assert_int_equal(setresuid(0, 0, 0), 0);
	assert_int_equal(traits, MCR_PROGRAM_CAPABLE);
}

static void a_program_is_found_as_the_shell_does(void **state)
{
	char path[PATH_MAX], search[PATH_MAX], there[PATH_MAX];

	put("here", "#!/bin/sh\n", 10, 0755);
	put("plain", "text", 4, 0644);
	snprintf(search, sizeof(search), "/nonexistent:%s:/bin", folder);
	snprintf(there, sizeof(there), "%s/here", folder);
	assert_int_equal(mcr_program_find(path, "here", search), 0);
	assert_string_equal(path, there);
	assert_int_equal(mcr_program_find(path, there, "/nonexistent"), 0);
	assert_string_equal(path, there);
	assert_int_equal(mcr_program_find(path, "sh", search), 0);
	assert_string_equal(path, "/bin/sh");
	assert_int_equal(mcr_program_find(path, "sh", NULL), 0);
	assert_int_equal(mcr_program_find(path, "nowhere", search), -ENOENT);
	assert_int_equal(mcr_program_find(path, "", search), -ENOENT);
	assert_int_equal(mcr_program_find(path, "./nowhere", search), -ENOENT);
	assert_int_equal(chdir(folder), 0);
	assert_int_equal(mcr_program_find(path, "here", ":/nonexistent"), 0);
	assert_string_equal(path, "here");
	if (geteuid() != 0)
		assert_int_equal(mcr_program_find(path, "plain", search), -EACCES);
}

static int make_folder(void **state)
{
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_dynamic_program_can_be_run_with_it),
	    cmocka_unit_test(a_static_program_cannot),
	    cmocka_unit_test(a_program_of_another_machine_cannot),
	    cmocka_unit_test(a_program_of_another_libc_cannot),
	    cmocka_unit_test(a_program_of_go_is_told_by_its_note_or_its_sections),
	    cmocka_unit_test(hostile_headers_harm_nobody),
	    cmocka_unit_test(a_script_is_as_its_interpreter),
	    cmocka_unit_test(a_file_can_be_named_by_descriptor),
	    cmocka_unit_test(who_gets_privileges_cannot),
	    cmocka_unit_test(file_capabilities_are_seen_by_who_is_not_root),
	    cmocka_unit_test(a_program_is_found_as_the_shell_does),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
