#!/bin/sh
# A disk that is soon full, for a test; what of it needs root.
#   small_disk.sh mount FOLDER BYTES    a file system of this size over FOLDER
#   small_disk.sh umount FOLDER         takes it away
set -eu
case $1 in
mount) mount -t tmpfs -o "size=$3,mode=0777" none "$2" ;;
umount) umount "$2" ;;
esac
