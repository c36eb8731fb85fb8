#!/usr/bin/env bash
# run.sh WAY SOURCE TREE WORK: uses the library in one of the ways that src/docs/deploying.md describes, builds the consumer and runs it.
# SOURCE is the project, TREE its build folder, WORK a folder for the results. CMake's environment variables select the
# compiler, the flags and the generator.
set -euo pipefail

way=$1 source=$2 tree=$3 all=$4 work=$4/$1
consumer=$source/tests/packaging/consumer
rm -rf "$work"
mkdir -p "$work"

fail() {
  echo "packaging: $way: $*" >&2
  exit 1
}

# install TREE PREFIX: installs the library, and checks that no installed file contains the prefix or a path of the build.
install() {
  cmake --install "$1" --prefix "$2" >"$work/install.log" || fail "cmake --install: $(tail -n 20 "$work/install.log")"
  if grep -rnF -e "$2" -e "$source" -e "$tree" --include='*.cmake' --include='*.pc' "$2"; then
    fail "the installed files above contain a path of this machine"
  fi
}

# configure NAME ARGUMENT…: configures the consumer in the folder NAME.
configure() {
  local name=$1
  shift
  cmake -S "$consumer" -B "$work/$name" "$@" >"$work/$name.log" 2>&1
}

# build_and_run ARGUMENT…: configures, builds and runs the consumer.
build_and_run() {
  configure build "$@" || fail "configuring: $(cat "$work/build.log")"
  cmake --build "$work/build" >"$work/make.log" 2>&1 || fail "building: $(tail -n 40 "$work/make.log")"
  "$work/build/consumer" || fail "the consumer failed"
}

# expect_configure_failure NAME PATTERN ARGUMENT…: configuring the consumer must fail with a message that matches PATTERN.
expect_configure_failure() {
  local name=$1 pattern=$2
  shift 2
  if configure "$name" "$@"; then fail "$name: configuring should have failed"; fi
  grep -q "$pattern" "$work/$name.log" || fail "$name: the output does not contain '$pattern': $(cat "$work/$name.log")"
}

# expect_cache TREE LINE: the CMake cache of TREE must contain LINE.
expect_cache() {
  grep -qx "$2" "$1/CMakeCache.txt" || fail "$1 was not configured with $2"
}

case $way in
  installed)
    install "$tree" "$work/prefix"
    build_and_run -DCMAKE_PREFIX_PATH="$work/prefix"
    ;;
  moved)
    install "$tree" "$work/prefix"
    mv "$work/prefix" "$work/another place"
    build_and_run -DCMAKE_PREFIX_PATH="$work/another place"
    ;;
  build_tree)
    build_and_run -Dws_DIR="$tree"
    ;;
  add_subdirectory) # compiles the library unoptimised, as a unity build, without TLS, and shared; `shared` below uses it
    CXXFLAGS="${CXXFLAGS:-} -O0" build_and_run -DWS_WAY=add_subdirectory -DWS_CHECKOUT="$source" -DBUILD_SHARED_LIBS=ON \
      -DWS_WITH_TLS=OFF -DCMAKE_UNITY_BUILD=ON
    ;;
  shared)
    install "$all/add_subdirectory/build" "$work/prefix"
    build_and_run -DCMAKE_PREFIX_PATH="$work/prefix"
    ldd "$work/build/consumer" >"$work/ldd.log"
    grep -qF "=> $work/prefix/" "$work/ldd.log" || fail "libws.so is not the installed one: $(cat "$work/ldd.log")"
    ;;
  fetch_content) # only configures, because the compilation is the same as for add_subdirectory
    tar -czf "$work/ws.tar.gz" -C "$source" CMakeLists.txt cmake include src
    configure build -DWS_WAY=fetch_content -DWS_CHECKOUT="$work" || fail "configuring: $(cat "$work/build.log")"
    ;;
  pkg_config)
    install "$tree" "$work/prefix"
    mv "$work/prefix" "$work/moved"
    pc=$(find "$work/moved" -name ws.pc)
    export PKG_CONFIG_PATH=${pc%/*}${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
    # shellcheck disable=SC2046,SC2086 # the unquoted values are lists of arguments
    ${CXX:-c++} -std=c++20 ${CXXFLAGS:-} "$consumer/main.cpp" -o "$work/consumer" $(pkg-config --cflags --libs ws) ${LDFLAGS:-}
    LD_LIBRARY_PATH=$(pkg-config --variable=libdir ws) "$work/consumer" || fail "the consumer failed"
    ;;
  versions) # before version 1.0, a request for another minor version must fail
    version=$(sed -n 's/^set(PACKAGE_VERSION "\(.*\)")$/\1/p' "$tree/wsConfigVersion.cmake")
    IFS=. read -r major minor _ <<<"$version"
    configure same -Dws_DIR="$tree" -DWS_WANTED_VERSION="$major.$minor" || fail "configuring: $(cat "$work/same.log")"
    expect_configure_failure next_minor "version: $version" -Dws_DIR="$tree" -DWS_WANTED_VERSION="$major.$((minor + 1))"
    expect_configure_failure next_major "version: $version" -Dws_DIR="$tree" -DWS_WANTED_VERSION="$((major + 1)).0"
    ;;
  tls) # a consumer of the static library needs OpenSSL too; without OpenSSL, the library is configured without TLS
    if grep -qx 'WS_WITH_TLS:BOOL=\(ON\|TRUE\|1\)' "$tree/CMakeCache.txt" && [ -e "$tree/src/libws.a" ]; then
      expect_configure_failure no_openssl 'wsConfig.cmake:[0-9]* (find_dependency)' -Dws_DIR="$tree" -DCMAKE_DISABLE_FIND_PACKAGE_OpenSSL=ON
    fi
    for off in WS_WITH_TLS=OFF CMAKE_DISABLE_FIND_PACKAGE_OpenSSL=ON; do
      configure "$off" -DWS_WAY=add_subdirectory -DWS_CHECKOUT="$source" "-D$off" || fail "$off: $(cat "$work/$off.log")"
      expect_cache "$work/$off" 'WS_WITH_TLS:BOOL=OFF'
      if grep -q OpenSSL:: "$work/$off/ws/wsTargets.cmake"; then fail "$off: the exported targets link OpenSSL"; fi
    done
    ;;
  *)
    fail "unknown way"
    ;;
esac
