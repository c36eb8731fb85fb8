#include "support/tls.hpp"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <fstream>
#include <stdexcept>

#include "support/synchronization.hpp"

namespace ws::test {

namespace {

template <auto free>
struct Free {
  template <class T>
  void operator()(T* object) const noexcept {
    free(object);
  }
};
template <class T, auto free>
using Owned = std::unique_ptr<T, Free<free>>;

using Bio = Owned<BIO, BIO_free_all>;

template <class Write>
std::string Pem(Write write) {
  const Bio memory(BIO_new(BIO_s_mem()));
  write(memory.get());
  char* text = nullptr;
  const auto size = BIO_get_mem_data(memory.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

class TlsChannel final : public Channel {
 public:
  explicit TlsChannel(std::uint16_t port) : context_(SSL_CTX_new(TLS_client_method())) {
    const std::string address = "127.0.0.1:" + std::to_string(port);
    stream_.reset(BIO_new_ssl_connect(context_.get()));
    BIO_set_conn_hostname(stream_.get(), address.c_str());
    if (BIO_do_connect(stream_.get()) != 1) throw std::runtime_error("cannot connect by TLS to " + address);
    const timeval limit{wait_timeout.count(), 0};
    const int socket = static_cast<int>(BIO_get_fd(stream_.get(), nullptr));
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  }

  void Write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const int size = BIO_write(stream_.get(), bytes.data(), static_cast<int>(bytes.size()));
      if (size <= 0) throw std::runtime_error("the server did not accept the bytes in time");
      bytes.remove_prefix(static_cast<std::size_t>(size));
    }
  }
  std::string Read() override {
    std::string bytes(16384, '\0');
    const int size = BIO_read(stream_.get(), bytes.data(), static_cast<int>(bytes.size()));
    bytes.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return bytes;
  }
  void Close() override { stream_.reset(); }

  std::string Certificate() const {
    SSL* tls = nullptr;
    BIO_get_ssl(stream_.get(), &tls);
    const Owned<X509, X509_free> certificate(SSL_get1_peer_certificate(tls));
    return Pem([&](BIO* out) { PEM_write_bio_X509(out, certificate.get()); });
  }

 private:
  Owned<SSL_CTX, SSL_CTX_free> context_;
  Bio stream_;
};

}  // namespace

Certificate MakeCertificate() {
  const Owned<EVP_PKEY, EVP_PKEY_free> key(EVP_EC_gen("P-256"));
  const Owned<X509, X509_free> certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_NAME* name = X509_get_subject_name(certificate.get());
  const auto* host = reinterpret_cast<const unsigned char*>("localhost");
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, host, -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  X509_set_pubkey(certificate.get(), key.get());
  if (X509_sign(certificate.get(), key.get(), EVP_sha256()) == 0)
    throw std::runtime_error("cannot sign the certificate");
  return {Pem([&](BIO* out) { PEM_write_bio_X509(out, certificate.get()); }),
          Pem([&](BIO* out) { PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr); })};
}

CertificateFiles::CertificateFiles() {
  Renew();
}

void CertificateFiles::Renew() {
  const Certificate certificate = MakeCertificate();
  std::ofstream(Chain()) << certificate.chain;
  std::ofstream(Key()) << certificate.key;
}

std::unique_ptr<Channel> DialTls(std::uint16_t port) {
  return std::make_unique<TlsChannel>(port);
}

std::string CertificateOf(std::uint16_t port) {
  return TlsChannel(port).Certificate();
}

}  // namespace ws::test
