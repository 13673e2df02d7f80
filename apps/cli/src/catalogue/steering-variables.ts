/**
 * Variables that decide what a package tool downloads, from where, and what runs in its process. A
 * catalogue names a package; with a value for one of these it would run another. Pure.
 */
import { LOADER_VARIABLES } from '../services/loader-variables.ts';

const STEERING = new RegExp(
  `^(?:${[
    LOADER_VARIABLES,
    'PATH|PATHEXT|HOME|USERPROFILE|APPDATA|LOCALAPPDATA|SHELL|COMSPEC|TMPDIR|TMP|TEMP',
    'EDITOR|VISUAL|PAGER|BROWSER',
    '(?:NODE|NPM|NPX|YARN|PNPM|COREPACK|BUN|DENO|UV|UVX|PIP|PIPX|VIRTUAL|CONDA|HATCH|CARGO|RUSTUP)_\\w+',
    'PYTHON\\w*|PERL\\w*|RUBY\\w*|JAVA_\\w+|_JAVA_OPTIONS|JDK_\\w+|GO(?:PROXY|PATH|ROOT|FLAGS|DEBUG|SUMDB|NOSUMDB|ENV)',
    '(?:DOTNET|CORECLR|COR|GCONV|ZSH|XDG|GIT|SSH|SSL|OPENSSL|CURL|REQUESTS|DOCKER|THV)_\\w+',
    '\\w*PROXY|PREFIX|DESTDIR|SSLKEYLOGFILE|ELECTRON_RUN_AS_NODE|NAPI_RS_\\w+|ESBUILD_BINARY_PATH|NETRC|TERMINFO\\w*',
  ].join('|')})$`,
  'i',
);

/** Of those, the ones that only say how a program speaks. */
const HARMLESS = /^(?:NODE_ENV|PYTHONUNBUFFERED|PYTHONIOENCODING|PYTHONUTF8)$/;

export function isSteeringVariable(name: string): boolean {
  return STEERING.test(name) && !HARMLESS.test(name);
}
