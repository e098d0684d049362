import { apiDomain, type DomainMapping, type HttpApi, type Stack, type Stage } from '../../stack/stack.ts';
import { percentDecode } from '../events/target.ts';
import { domainNameOf, isThisMachine, mappingsOf } from '../host.ts';
import type { Switches } from '../switches.ts';
import { chooseStage } from './routes.ts';

/** Where a request leads, by its host and path (HA-01, HA-10, HR-15). */
export type Address =
  | {
      readonly kind: 'stage';
      readonly stage: Stage;
      /** As routes see it: without stage and mapping key. */
      readonly routePath: string;
      /** As events show it (HA-09, HA-10); percent-encoded still. */
      readonly eventPath: string;
      /** As events show it. */
      readonly domainName: string;
    }
  /** The host leads here, the path to no stage. */
  | { readonly kind: 'no-stage'; readonly why: string }
  /** The host leads nowhere. */
  | { readonly kind: 'no-host'; readonly why: string };

const EXECUTE_API = /^[a-z0-9]+\.execute-api\.[a-z0-9.-]+$/;

export type Addressing = (host: string | undefined, path: string) => Address;

/**
 * Reads addresses of an API. Names of this machine and the API's own always mean its default endpoint. Where the stack maps
 * domains to the API, these and no others lead to it; where it maps none, any host does, since domains are often set up
 * outside of the stack, and the emulator cannot know their names.
 */
export function createAddressing(
  stack: Pick<Stack, 'partition' | 'region' | 'domains'>,
  api: HttpApi,
  { customDomainRawPath }: Pick<Switches, 'customDomainRawPath'>,
): Addressing {
  const ownDomain = apiDomain(stack, api.apiId);
  const mappings = stack.domains.filter(({ apiId }) => apiId === api.apiId);

  function onDefaultEndpoint(domainName: string, path: string): Address {
    if (!api.defaultEndpoint) {
      return {
        kind: 'no-host',
        why: `${domainName} is the default endpoint, which is disabled: use a domain of your own`,
      };
    }
    const choice = chooseStage(api.stages, path);
    if (choice) return { kind: 'stage', ...choice, eventPath: path, domainName };
    const names = api.stages.map(({ name }) => `/${name}`).join(', ');
    return { kind: 'no-stage', why: `no stage: the path begins with none of ${names}, and there is no $default` };
  }

  function onMappedDomain(domainName: string, mapped: readonly DomainMapping[], path: string): Address {
    const segments = path.split('/').slice(1);
    const fitting = mapped
      .map((mapping) => ({ mapping, key: mapping.mappingKey === '' ? [] : mapping.mappingKey.split('/') }))
      .filter(({ key }) => key.every((segment, index) => segment === percentDecode(segments[index] ?? '')))
      .sort((left, right) => right.key.length - left.key.length)[0];
    const stage = api.stages.find(({ name }) => name === fitting?.mapping.stage);
    if (!fitting || !stage) {
      const keys = mapped.map(({ mappingKey }) => `/${mappingKey}`).join(', ');
      return { kind: 'no-host', why: `no mapping of ${domainName} begins the path; there are ${keys}` };
    }
    const routePath = `/${segments.slice(fitting.key.length).join('/')}`;
    const staged = stage.name === '$default' ? routePath : `/${stage.name}${routePath}`;
    return { kind: 'stage', stage, routePath, eventPath: customDomainRawPath === 'stage' ? staged : path, domainName };
  }

  return (host, path) => {
    const name = domainNameOf(host, ownDomain);
    if (name === ownDomain || isThisMachine(name)) return onDefaultEndpoint(name, path);
    const mapped = mappingsOf(name, mappings);
    if (mapped.length > 0) return onMappedDomain(name, mapped, path);
    // Another API's name in AWS is never one that somebody has set up outside of the stack.
    if (mappings.length === 0 && !EXECUTE_API.test(name)) return onDefaultEndpoint(name, path);
    const names = [ownDomain, ...mappings.map(({ domainName }) => domainName)].join(', ');
    return { kind: 'no-host', why: `no API of this stack has the host ${name}; there are ${names}` };
  };
}
