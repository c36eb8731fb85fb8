// A certificate made for the test, and a client that speaks TLS.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "support/temporary_folder.hpp"
#include "support/test_client.hpp"

namespace ws::test {

// Self-signed, for "localhost" and no address; PEM texts.
struct Certificate {
  std::string chain;
  std::string key;
};

Certificate MakeCertificate();

// The same in files, for the time of a scope.
class CertificateFiles {
 public:
  CertificateFiles();

  // Another certificate in the same files.
  void Renew();
  std::string Chain() const { return folder_.Path() / "chain.pem"; }
  std::string Key() const { return folder_.Path() / "key.pem"; }

 private:
  TemporaryFolder folder_;
};

// Asks for no proof: who the server is is not what is tested.
std::unique_ptr<Channel> DialTls(std::uint16_t port);
// The PEM text of the certificate that a server shows.
std::string CertificateOf(std::uint16_t port);

}  // namespace ws::test
