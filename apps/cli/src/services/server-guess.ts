/** What somebody means who writes a server in a way that thv reads otherwise. Pure. */
import { isImageReference } from '../containers/image-reference.ts';
import { isLoopbackName } from '../loopback.ts';

/** A host of this machine with a port and nothing else, or any host with the usual path. */
const URL_WITHOUT_SCHEME =
  /^(?:(localhost|\d+(?:\.\d+){3}):\d+\/?|([\w-]+(?:\.[\w-]+)*)(?::\d+)?(\/(?:mcp|sse))\/?)$/i;

/** The URL that a text without `http://` stands for; undefined when it may well be an image. */
export function urlMeantBy(text: string): string | undefined {
  const [found, own, host = own ?? '', path = '/mcp'] = URL_WITHOUT_SCHEME.exec(text) ?? [];
  // A bare name before a path is a part of an image's, also `localhost/mcp`, which was built here.
  if (found === undefined || (own === undefined && !/[.:]/.test(text))) {
    return undefined;
  }
  const scheme = isLoopbackName(host) ? 'http' : 'https';
  return `${scheme}://${text.replace(/\/(?:mcp|sse)?\/?$/i, '')}${path}`;
}

/** How what is neither a name nor an image is written. */
export function otherKind(text: string): string {
  const [, scheme, rest] = /^(npx|uvx):\/?(.+)$/.exec(text) ?? [];
  if (scheme !== undefined) {
    return `did you mean ${scheme}://${rest}?`;
  }
  if (/^[.~]{0,2}\/|\.(?:[cm]?[jt]s|py|sh)$/.test(text)) {
    return 'a program of your own stands after --: thv run --name NAME -- COMMAND';
  }
  return isImageReference(`${text}:TAG`)
    ? `an image is written with a tag: ${text}:TAG`
    : 'it is no image either, because of a character that names of images do not have';
}
