/** useradd and usermod (shadow-utils), for their own envelopes. */
export const userAdded = (name: string, uid: number): string =>
  `new user: name=${name}, UID=${uid}, GID=${uid}, home=/home/${name}, shell=/bin/bash, from=/dev/pts/1`;
export const groupJoined = (name: string, group: string): string => `add '${name}' to group '${group}'`;
