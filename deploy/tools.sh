# What the parts of deploy/check share, to be sourced by them. Tools are pinned
# and installed into bin/tools, each version in a folder of its own, as the
# Makefile does it.

# go_tool NAME VERSION PACKAGE installs a Go program unless it is there, and
# prints its path. NAME is that of the program.
go_tool() {
	local dir=bin/tools/$1-$2
	if [ ! -x "$dir/$1" ]; then
		echo "installing $3@$2" >&2
		GOBIN="$PWD/$dir" GOFLAGS= go install "$3@$2" >&2
	fi
	echo "$dir/$1"
}

# python_tool NAME VERSION installs a Python program from PyPI into an
# environment of its own unless it is there, and prints its path.
python_tool() {
	local dir=bin/tools/$1-$2
	if [ ! -x "$dir/bin/$1" ]; then
		command -v python3 >/dev/null && python3 -c 'import ensurepip' 2>/dev/null || install_package python3-venv
		echo "installing $1 $2 from PyPI" >&2
		python3 -m venv "$dir" >&2
		"$dir/bin/pip" install --quiet --disable-pip-version-check "$1==$2" >&2
	fi
	echo "$dir/bin/$1"
}

# install_package NAME installs a package of Debian's, as root or by sudo.
install_package() {
	local sudo=
	if [ "$(id -u)" -ne 0 ]; then sudo="sudo -n"; fi
	echo "installing the package $1" >&2
	$sudo apt-get update -qq >&2
	DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "$1" >&2
}
