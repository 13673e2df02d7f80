/** The prompts and resources of the scenarios, with completion and subscriptions. */
import { completable, type McpServer, ResourceTemplate } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { PNG } from './media.ts';

export function registerOffers(server: McpServer): void {
  registerPrompts(server);
  registerResources(server);
  // Nothing here changes by itself, so there is nothing to remember.
  server.server.setRequestHandler('resources/subscribe', () => ({}));
  server.server.setRequestHandler('resources/unsubscribe', () => ({}));
}

function registerPrompts(server: McpServer): void {
  server.registerPrompt('test_simple_prompt', { description: 'Takes nothing' }, () => ({
    messages: [say('This is a simple prompt for testing.')],
  }));
  server.registerPrompt(
    'test_prompt_with_arguments',
    {
      description: 'Takes two arguments, of which the first can be completed',
      argsSchema: z.object({
        arg1: completable(z.string(), (value) =>
          ['paris', 'park', 'party'].filter((word) => word.startsWith(value)),
        ),
        arg2: z.string(),
      }),
    },
    ({ arg1, arg2 }) => ({
      messages: [say(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)],
    }),
  );
  server.registerPrompt(
    'test_prompt_with_embedded_resource',
    {
      description: 'Embeds the resource that it is told',
      argsSchema: z.object({ resourceUri: z.string() }),
    },
    ({ resourceUri }) => {
      const text = 'Embedded resource content for testing.';
      const resource = { uri: resourceUri, mimeType: 'text/plain', text };
      return {
        messages: [
          { role: 'user', content: { type: 'resource', resource } },
          say('Please process the embedded resource above.'),
        ],
      };
    },
  );
  server.registerPrompt('test_prompt_with_image', { description: 'Shows a picture' }, () => ({
    messages: [
      { role: 'user', content: { type: 'image', data: PNG, mimeType: 'image/png' } },
      say('Please analyze the image above.'),
    ],
  }));
}

function registerResources(server: McpServer): void {
  const texts: Readonly<Record<string, string>> = {
    'static-text': 'This is the content of the static text resource.',
    'watched-resource': 'Watched resource content',
  };
  for (const [name, text] of Object.entries(texts)) {
    const config = { description: `The resource ${name}`, mimeType: 'text/plain' };
    const uri = `test://${name}`;
    server.registerResource(name, uri, config, () => ({
      contents: [{ uri, mimeType: 'text/plain', text }],
    }));
  }
  const picture = { uri: 'test://static-binary', mimeType: 'image/png' };
  server.registerResource(
    'static-binary',
    picture.uri,
    { description: 'A picture', mimeType: picture.mimeType },
    () => ({ contents: [{ ...picture, blob: PNG }] }),
  );
  server.registerResource(
    'template',
    new ResourceTemplate('test://template/{id}/data', { list: undefined }),
    { description: 'Data of any id', mimeType: 'application/json' },
    (uri, { id }) => {
      const text = JSON.stringify({ id, templateTest: true, data: `Data for ID: ${String(id)}` });
      return { contents: [{ uri: uri.href, mimeType: 'application/json', text }] };
    },
  );
}

function say(text: string) {
  return { role: 'user' as const, content: { type: 'text' as const, text } };
}
