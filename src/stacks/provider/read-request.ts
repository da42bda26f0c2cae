import messages from '@pulumi/pulumi/proto/provider_pb.js';

type Properties = ReturnType<messages.ReadRequest['getProperties']>;

/**
 * An import comes without properties, which Pulumi's server of Node providers doesn't expect (3.270: "Cannot read
 * properties of undefined (reading 'toJavaScript')"): give it none instead.
 */
export function acceptImports(): void {
  const { prototype } = messages.ReadRequest;
  const { getProperties } = prototype;
  const none = { toJavaScript: () => ({}) } as unknown as Properties;
  prototype.getProperties = function properties(this: messages.ReadRequest) {
    return getProperties.call(this) ?? none;
  };
}
