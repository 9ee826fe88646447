#!/bin/bash
# The kernels for 512-bit vectors, where no processor has them: tests/avx512.sh [SUITE...] (default: conv product
# winograd) boots Linux and runs those suites of the unit tests on a Skylake-X that Bochs emulates, a hundred times
# slower than this machine. Needs a build with its tests (make unit), and the Debian packages bochs bochs-term isolinux
# syslinux-common xorriso cpio busybox-static.
set -u
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${ASSAY_BUILD:-build}
[[ $BUILD == /* ]] || BUILD=$ROOT/$BUILD
tests=$BUILD/tests/unit-tests
[[ -x $tests ]] || { echo "avx512.sh: $tests: not there: run make unit first" >&2; exit 2; }
for tool in bochs xorriso cpio busybox; do
    command -v $tool >/dev/null || { echo "avx512.sh: $tool: not there: see the head of this file" >&2; exit 2; }
done
(($#)) || set -- conv product winograd
work=$(mktemp -d /tmp/assay-avx512.XXXXXX)
trap 'kill %2 2>/dev/null; rm -rf "$work"' EXIT
cd "$work" || exit 2

# Debian's kernel for virtual machines, unpacked, not installed.
package=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends: linux-image/ { print $2 }')
apt-get download -qq -o APT::Sandbox::User=root "$package" && dpkg-deb -x "$package"_*.deb kernel || exit 2

mkdir -p disc root/{bin,lib,lib64,proc,sys,dev,tmp}
cp "$(command -v busybox)" root/bin/busybox
ln -s busybox root/bin/sh
cp -L $(ldd "$tests" | grep -o '/[^ ]*/lib[^ ]*\.so[^ ]*') root/lib
cp -L /lib64/ld-linux-x86-64.so.2 root/lib64
strip -o root/unit-tests "$tests"
mknod root/dev/console c 5 1
mknod root/dev/null c 1 3
cat >root/init <<EOF
#!/bin/sh
busybox mount -t proc proc /proc
busybox mkdir /dev/shm
busybox mount -t tmpfs tmpfs /dev/shm
suites="$*"
busybox grep -q avx512vl /proc/cpuinfo || suites=
for suite in \$suites; do
    LD_LIBRARY_PATH=/lib /unit-tests --color=never --filter "\$suite/*"
    echo "\$suite: exit code \$?"
done
busybox sleep 20 # until all has been sent
busybox poweroff -f
EOF
chmod +x root/init
(cd root && find . | cpio -o -H newc --quiet | gzip -1) >disc/initrd
cp kernel/boot/vmlinuz-* disc/vmlinuz
cp /usr/lib/ISOLINUX/isolinux.bin /usr/lib/syslinux/modules/bios/ldlinux.c32 disc
# Bochs 2.7 gives a wrong size for compacted state (XSAVEC, XSAVES: features 321 and 323).
echo 'default vmlinuz initrd=initrd console=ttyS0 quiet clearcpuid=321,323' >disc/isolinux.cfg
xorriso -as mkisofs -quiet -o disc.iso -b isolinux.bin -c boot.cat -no-emul-boot -boot-load-size 4 -boot-info-table disc 2>xorriso.log ||
    { cat xorriso.log >&2; exit 2; }

cat >bochsrc <<EOF
display_library: term
speaker: enabled=0
sound: waveoutdrv=dummy, waveindrv=dummy, midioutdrv=dummy
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
cpu: model=corei7_skylake_x, ips=200000000
memory: guest=1024, host=1024
ata0-master: type=cdrom, path=disc.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev=serial
log: bochs.log
panic: action=fatal
EOF
echo c >commands # Debian's Bochs waits in its debugger, and stops when nobody reads its screen
TERM=xterm timeout 3600 bochs -q -f bochsrc -rc commands >output 2>&1 </dev/null &
until grep -q 'connected to screen' output; do sleep 1 && kill -0 $! || { cat output >&2; exit 1; }; done
cat "$(grep -o '/dev/pts/[0-9]*' output)" >/dev/null 2>&1 &
wait %1
tr -d '\r' <serial | grep -v '^\[ '
passed=$(grep -c 'exit code 0' serial)
echo "$passed passed, $(($# - passed)) failed"
((passed == $#))
