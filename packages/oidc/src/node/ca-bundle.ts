/** Additional certificate authorities from a PEM file, on top of the system's. */
import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import tls from 'node:tls';
import { fileVersion } from './file-version.ts';

/** Authorities of a file that may change. */
export interface CaBundle {
  /** The system's authorities and those of the file. */
  certificates(): readonly string[];
  /** Re-reads a changed file; true when the authorities are different now. */
  refresh(): boolean;
}

const PEM = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** @throws {TypeError} when the file cannot be read or holds no certificate */
export function loadCaBundle(path: string): CaBundle {
  let version = '';
  let own: readonly string[] = [];

  function refresh(): boolean {
    const seen = versionOf(path);
    if (seen === version) return false;
    own = readCertificates(path);
    version = seen;
    return true;
  }

  refresh();
  return {
    certificates: () => [...systemCertificates(), ...own],
    refresh() {
      try {
        return refresh();
      } catch {
        // A half-written file must not cut off the provider: the last good one stays in use.
        return false;
      }
    },
  };
}

function versionOf(path: string): string {
  try {
    return fileVersion(statSync(path));
  } catch {
    throw new TypeError('"caBundleFile" cannot be read');
  }
}

function readCertificates(path: string): readonly string[] {
  const found = readFileSync(path, 'utf8').match(PEM) ?? [];
  if (found.length === 0) throw new TypeError('"caBundleFile" holds no PEM certificate');
  for (const pem of found) {
    try {
      new X509Certificate(pem);
    } catch {
      throw new TypeError('"caBundleFile" holds a certificate that cannot be read');
    }
  }
  return found;
}

function systemCertificates(): readonly string[] {
  // Node 22.15 and later know what the system was told to trust (NODE_EXTRA_CA_CERTS included).
  return tls.getCACertificates?.('default') ?? tls.rootCertificates;
}
