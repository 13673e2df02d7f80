/** A browser in ten lines: follows redirects by hand and keeps cookies. */

export type Browse = (
  url: string | URL,
  form?: Readonly<Record<string, string>>,
) => Promise<{ readonly location: string | null; readonly text: string }>;

export function createBrowser(): Browse {
  const cookies = new Map<string, string>();
  return async (url, form) => {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      cookies.set(name, value);
    }
    return { location: response.headers.get('location'), text: await response.text() };
  };
}

/** Signs in at the development provider and returns where it sends the browser back to. */
export async function signInAs(
  login: string,
  authorizationUrl: string | URL,
  claims = '',
): Promise<URL> {
  const browse = createBrowser();
  const page = (await browse(authorizationUrl)).location ?? '';
  const at = new URL(page, authorizationUrl);
  if (!(await browse(at)).text.includes('Development sign-in')) {
    throw new Error('the provider did not ask who signs in');
  }
  const resume = (await browse(at, { login, claims })).location ?? '';
  return new URL((await browse(new URL(resume, at))).location ?? '');
}
