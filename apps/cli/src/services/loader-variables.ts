/**
 * Variables that act on any program before its own code runs: by the loader, the C library or the
 * shell. The alternatives of a pattern for a whole name.
 */
export const LOADER_VARIABLES: string = [
  '(?:LD|DYLD|GLIBC|MALLOC|BASH)_\\w+|GCONV_PATH',
  'LOCPATH|NLSPATH|RES_OPTIONS|HOSTALIASES|LOCALDOMAIN',
  'IFS|ENV|PS4|SHELLOPTS|BASHOPTS|CDPATH|PWD',
].join('|');
