# SPDX-License-Identifier: BSD-3-Clause
# Completion for bash. It needs no bash-completion, which only finds it.
# shellcheck shell=bash disable=SC2154 # values, operands: the caller's

# The values of an option, and the operands of a command, are a list of
#   WORD       itself
#   +WORD      one of several with a + between them
#   KEY=A|B    a key of several with commas between them, and its values; ,KEY=A|B never is the first
#   @KIND      whatever there is of a kind
_mcring_kind() { # _mcring_kind KIND BEGIN
	case $1 in
	engine) _mcring_engines ;;
	run_dir) compgen -d -- "$2"; compgen -G '/run/mcring/*' ;;
	channel) _mcring_ask status channels name ;;
	feed) _mcring_ask feeds feeds name ;;
	join) _mcring_ask groups joins join ;;
	group) _mcring_ask groups groups group | sed 's/.*:.*/[&]/' ;;
	file) compgen -f -- "$2" ;;
	folder) compgen -d -- "$2" ;;
	user) compgen -u -- "$2" ;;
	users) compgen -g -- "$2" ;;
	program) compgen -c -- "$2" ;;
	esac 2>/dev/null
}

_mcring_engines() {
	local socket
	for socket in /run/mcring/*/attach; do
		[[ -S $socket ]] && basename "${socket%/attach}"
	done
}

# What the running engine says: KEY of each entry of a list. One that hangs is not waited for.
_mcring_ask() { # _mcring_ask COMMAND LIST KEY
	local where=() i
	for ((i = 1; i < ${#words[@]} - 2; i++)); do
		case ${words[i]} in
		--engine) where=(--name "${words[i + 1]}") ;;
		--name) [[ -n ${values[--engine]} ]] || where=("${words[@]:i:2}") ;;
		--run-dir) where=("${words[@]:i:2}") ;;
		esac
	done
	timeout -k 1 1 mcring-ctl "${where[@]}" --json "$1" </dev/null |
		sed -n '/^  "'"$2"'": \[/,/^  \]/s/^      "'"$3"'": "\(.*\)",\{0,1\}$/\1/p' | sort -u
}

_mcring_list() { # _mcring_list BEGIN CANDIDATE...: what completes BEGIN, one a line
	local begin=$1 head='' part key candidate candidates found
	shift
	if [[ $* == *=* ]]; then
		[[ $begin == *,* ]] && head=${begin%,*},
	elif [[ $* == *+* && $begin == *+* ]]; then
		head=${begin%+*}+
	fi
	part=${begin#"$head"}
	for candidate; do
		[[ $candidate == ,* && -z $head ]] && continue
		candidate=${candidate#[,+]} key=${candidate%%=*}
		if [[ $candidate == *=* && $part == "$key"=* ]]; then
			IFS='|' read -ra candidates <<<"${candidate#*=}"
			_mcring_list "${part#*=}" "${candidates[@]}" | _mcring_behind "$head$key="
		elif [[ $candidate == *=* && $key= == "$part"* ]]; then
			printf '%s\n' "$head$key="
		elif [[ $candidate == @* ]]; then
			_mcring_kind "${candidate#@}" "$part" | while IFS= read -r found; do
				[[ $found == "$part"* ]] && printf '%s\n' "$head$found"
			done
		elif [[ $candidate != *=* && $candidate == "$part"* ]]; then
			printf '%s\n' "$head$candidate"
		fi
	done
}

_mcring_behind() {
	local line
	while IFS= read -r line; do
		printf '%s\n' "$1$line"
	done
}

# What stands before the word: its option, or the command. A program to be run ends our own options.
_mcring_scan() {
	local i
	for ((i = 1; i < last; i++)); do
		if [[ ${words[i]} == -* ]]; then
			option=${words[i]}
			[[ -n ${values[$option]} ]] && ((i < last - 1)) && ((i++)) && option=''
			continue
		fi
		option=''
		[[ -z $command && -n ${operands[${words[i]}]+set} ]] && command=${words[i]}
		[[ ${operands[.]} == @program ]] && command=:
	done
}

# The line is split at blanks alone. For bash an = and a : end a word as well, and a @ begins one, so
# that what stands before the last of them is no part of a reply.
_mcring() {
	local line=${COMP_LINE:0:COMP_POINT} words word last option='' command='' begin='' list candidates i
	read -ra words <<<"$line"
	[[ $line == *[[:blank:]] ]] && words+=('')
	last=$((${#words[@]} - 1)) word=${words[last]}
	_mcring_scan
	if [[ $command == : ]]; then
		list=@file
	elif [[ $word == --*=* ]]; then
		begin=${word%%=*}= list=${values[${word%%=*}]}
	elif [[ -n $option && -n ${values[$option]} ]]; then
		list=${values[$option]}
	elif [[ $word == -* ]]; then
		list=${!values[*]}
	else
		list=${operands[${command:-.}]}
	fi
	read -ra candidates <<<"$list"
	mapfile -t COMPREPLY < <(_mcring_list "${word#"$begin"}" "${candidates[@]}" | _mcring_behind "$begin")
	[[ ${COMPREPLY[*]} == *= ]] && compopt -o nospace 2>/dev/null
	[[ $list == *@f* || $list == *@run_dir* ]] && compopt -o filenames 2>/dev/null
	for ((i = ${#word}; i > 0; i--)); do
		[[ $COMP_WORDBREAKS == *"${word:i-1:1}"* ]] || continue
		[[ ${word:i-1:1} == @ ]] && ((i--))
		COMPREPLY=("${COMPREPLY[@]#"${word:0:i}"}")
		break
	done
	return 0
}
