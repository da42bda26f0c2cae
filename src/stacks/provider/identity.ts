import { generateKeyPairSync, randomBytes, webcrypto } from 'node:crypto';
import { generateIdentity } from '../../adapters/secrets/age.ts';

/** A tenant's identity. All but the two public parts are secrets. */
export interface IdentityOutputs {
  gatewayToken: string;
  /** PEM, Ed25519: signs generations. */
  signingPrivateKey: string;
  signingPublicKey: string;
  ageIdentity: string;
  ageRecipient: string;
  /** PEM, ECDSA P-256: the tenant's own certificate authority and the hub's certificate. */
  caCertificate: string;
  caPrivateKey: string;
  hubCertificate: string;
  hubPrivateKey: string;
}

export const IDENTITY_SECRETS = [
  'gatewayToken',
  'signingPrivateKey',
  'ageIdentity',
  'caPrivateKey',
  'hubPrivateKey',
] as const;

const CA_DAYS = 3650;
const CERTIFICATE_DAYS = 825;

export async function makeIdentity(tenant: string): Promise<IdentityOutputs> {
  const signing = generateKeyPairSync('ed25519');
  const age = await generateIdentity();
  return {
    gatewayToken: randomBytes(32).toString('base64url'),
    signingPrivateKey: signing.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    signingPublicKey: signing.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    ageIdentity: age.identity,
    ageRecipient: age.recipient,
    ...(await makeCertificates(tenant)),
  };
}

async function makeCertificates(
  tenant: string,
): Promise<Pick<IdentityOutputs, 'caCertificate' | 'caPrivateKey' | 'hubCertificate' | 'hubPrivateKey'>> {
  // The library's dependency injection wants it loaded first.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  x509.cryptoProvider.set(webcrypto as Crypto);
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const newKeys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<CryptoKeyPair>;
  const [ca, hub] = await Promise.all([newKeys(), newKeys()]);
  const notBefore = new Date();
  const after = (days: number) => new Date(notBefore.getTime() + days * 86_400_000);
  const serial = () =>
    randomBytes(16)
      .toString('hex')
      .replace(/^[89a-f]/, '1');
  const name = `CN=chp ${tenant} CA`;
  const caCertificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name,
    notBefore,
    notAfter: after(CA_DAYS),
    signingAlgorithm: algorithm,
    keys: ca,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  const hubCertificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: `CN=hub.${tenant}.chp.internal`,
    issuer: name,
    notBefore,
    notAfter: after(CERTIFICATE_DAYS),
    signingAlgorithm: algorithm,
    publicKey: hub.publicKey,
    signingKey: ca.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: `hub.${tenant}.chp.internal` }]),
    ],
  });
  return {
    caCertificate: caCertificate.toString('pem'),
    caPrivateKey: await privatePem(ca.privateKey),
    hubCertificate: hubCertificate.toString('pem'),
    hubPrivateKey: await privatePem(hub.privateKey),
  };
}

async function privatePem(key: CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key as webcrypto.CryptoKey)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${der.match(/.{1,64}/g)?.join('\n')}\n-----END PRIVATE KEY-----\n`;
}
