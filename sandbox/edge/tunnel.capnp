@0x9c1f0a6b2d7e4f31;
# What a connector calls on its control stream. On the wire only the interfaces' ids, the methods' order and the fields' layout count; they
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

# What the edge calls over QUIC, on a stream of its own.

struct Applied {
  version @0 :Int32;         # the latest that it runs
  refusal @1 :Text;
}

interface Configurations @0xb48edfbdaa25db04 {
  update @0 (version :Int32, config :Data) -> (result :Applied);
}

# The head of a request over QUIC and that of its answer: tunnelrpc/proto/quic_metadata_protocol.capnp. What is Text there is Data here, with
# the zero byte at its end in sight: headers need not be UTF-8.

enum Kind {
  http @0;
  websocket @1;
  tcp @2;
}

struct Field {
  key @0 :Data;              # HttpMethod, HttpHost, HttpStatus, HttpHeader:NAME
  value @1 :Data;
}

struct RequestHead {
  destination @0 :Data;      # the whole URL
  kind @1 :Kind;
  fields @2 :List(Field);
}

struct AnswerHead {
  mistake @0 :Data;
  fields @1 :List(Field);
}
