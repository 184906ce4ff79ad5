@0x9c1f0a6b2d7e4f31;
# The calls of a connector on its control stream. On the wire only interface ids, the order of methods and the layout of
# fields count; they are those of cloudflare/cloudflared, tunnelrpc/proto/tunnelrpc.capnp.

struct ClientInfo {
  clientId @0 :Data;         # 16 bytes, random, new at each start of the connector
  features @1 :List(Text);
  version @2 :Text;
  arch @3 :Text;
}

struct ConnectionOptions {
  client @0 :ClientInfo;
  originLocalIp @1 :Data;
  replaceExisting @2 :Bool;
  compressionQuality @3 :UInt8;
  numPreviousAttempts @4 :UInt8;
}

struct TunnelAuth {
  accountTag @0 :Text;
  tunnelSecret @1 :Data;
}

struct ConnectionError {
  cause @0 :Text;
  retryAfter @1 :Int64;      # nanoseconds
  shouldRetry @2 :Bool;
}

struct ConnectionDetails {
  uuid @0 :Data;             # 16 bytes
  locationName @1 :Text;
  tunnelIsRemotelyManaged @2 :Bool;
}

struct ConnectionResponse {
  result :union {
    error @0 :ConnectionError;
    connectionDetails @1 :ConnectionDetails;
  }
}

interface RegistrationServer @0xf71695ec7fe85497 {
  registerConnection @0 (auth :TunnelAuth, tunnelId :Data, connIndex :UInt8, options :ConnectionOptions)
    -> (result :ConnectionResponse);
  unregisterConnection @1 () -> ();
  updateLocalConfiguration @2 (config :Data) -> ();
}

# The edge's call over QUIC, on a stream of its own.

struct UpdateConfigurationResponse {
  latestAppliedVersion @0 :Int32;
  err @1 :Text;
}

interface ConfigurationManager @0xb48edfbdaa25db04 {
  updateConfiguration @0 (version :Int32, config :Data) -> (result :UpdateConfigurationResponse);
}

# The headers of a request and a response over QUIC: tunnelrpc/proto/quic_metadata_protocol.capnp. What is Text there is
# Data here, with its terminating zero byte included, because headers need not be UTF-8.

enum ConnectionType {
  http @0;
  websocket @1;
  tcp @2;
}

struct Metadata {
  key @0 :Data;              # HttpMethod, HttpHost, HttpStatus, HttpHeader:NAME
  val @1 :Data;
}

struct ConnectRequest {
  dest @0 :Data;             # the whole URL
  type @1 :ConnectionType;
  metadata @2 :List(Metadata);
}

struct ConnectResponse {
  error @0 :Data;
  metadata @1 :List(Metadata);
}
