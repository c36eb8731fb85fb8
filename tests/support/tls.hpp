// A certificate for tests, and a test client over TLS.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "support/temporary_folder.hpp"
#include "support/test_client.hpp"

namespace ws::test {

// A self-signed certificate for "localhost", and its key, both as PEM texts.
struct Certificate {
  std::string chain;
  std::string key;
};

Certificate MakeCertificate();

// A certificate and its key in files, which are removed at the end of the scope.
class CertificateFiles {
 public:
  CertificateFiles();

  // Writes a new certificate and key to the same files.
  void Renew();
  std::string Chain() const { return folder_.Path() / "chain.pem"; }
  std::string Key() const { return folder_.Path() / "key.pem"; }

 private:
  TemporaryFolder folder_;
};

// Does not verify the server's certificate, because these tests are not about trust.
std::unique_ptr<Channel> DialTls(std::uint16_t port);
// Connects to a server, and returns its certificate as a PEM text.
std::string CertificateOf(std::uint16_t port);

}  // namespace ws::test
