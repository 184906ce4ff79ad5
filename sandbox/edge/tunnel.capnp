@0x9c1f0a6b2d7e4f31;
# What a connector calls on its control stream. On the wire only the interface id, the methods' order and the fields' layout count; they
# are those of cloudflare/cloudflared, tunnelrpc/proto/tunnelrpc.capnp.

struct Client {
  id @0 :Data;               # 16 bytes, drawn anew at each start of the connector
  features @1 :List(Text);
  version @2 :Text;
  arch @3 :Text;
}

struct Options {
  client @0 :Client;
  originLocalIp @1 :Data;
  replaceExisting @2 :Bool;
  compressionQuality @3 :UInt8;
  previousAttempts @4 :UInt8;
}

struct Auth {
  account @0 :Text;
  secret @1 :Data;
}

struct Refusal {
  cause @0 :Text;
  retryAfter @1 :Int64;      # nanoseconds
  shouldRetry @2 :Bool;
}

struct Details {
  connection @0 :Data;       # 16 bytes
  location @1 :Text;
  remotelyManaged @2 :Bool;
}

struct Outcome {
  result :union {
    refusal @0 :Refusal;
    details @1 :Details;
  }
}

interface Registration @0xf71695ec7fe85497 {
  register @0 (auth :Auth, tunnel :Data, index :UInt8, options :Options) -> (result :Outcome);
  unregister @1 () -> ();
  localConfiguration @2 (config :Data) -> ();
}
