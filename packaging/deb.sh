#!/bin/bash
# Builds the Debian source package and its package in BUILD-deb, and has lintian read both: packaging/deb.sh BUILD VERSION
# PACKAGE... (what building it needs). BUILD/assay-VERSION.tar.gz is there (make dist). DEBFULLNAME and DEBEMAIL name the
# maintainer; without them a placeholder does, which lintian is then not asked about.
set -eu
build=$1 version=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
maintainer="${DEBFULLNAME:-The authors of assay} <${DEBEMAIL:-assay@localhost.localdomain}>"
unasked=initial-upload-closes-no-bugs
[[ ${DEBEMAIL:-} ]] || unasked+=,bogus-mail-host,bogus-mail-host-in-debian-changelog
date=$(git -C "$here" log -1 --format=%cD)
rm -rf "$build-deb"
mkdir "$build-deb"
cp "$build/assay-$version.tar.gz" "$build-deb/assay_$version.orig.tar.gz"
cd "$build-deb"
tar xf "assay_$version.orig.tar.gz"
cd "assay-$version"
cp -r "$here/debian" .
needed=$(printf ' %s,\n' "$@")
awk -v needed="$needed" -v who="$maintainer" \
    '/^@BUILD_DEPS@$/ {print needed; next} /^Maintainer:/ {print "Maintainer: " who; next} {print}' "$here/debian/control" >debian/control
cat >debian/changelog <<END
assay ($version-1) unstable; urgency=medium

  * See CHANGELOG.md.

 -- $maintainer  $date
END
chmod +x debian/rules
dpkg-buildpackage -us -uc
cd ..
lintian --fail-on error --suppress-tags "$unasked" ./*.changes
ls -l ./*.deb ./*.dsc
