// The parameter types of a callback that is not generic.
#pragma once

#include <cstddef>
#include <tuple>
#include <type_traits>

namespace ws::dispatch {

template <class... T>
struct TypeList {
  static constexpr std::size_t size = sizeof...(T);
  template <std::size_t index>
  using At = std::tuple_element_t<index, std::tuple<T...>>;
  // True if one of the types is T& or T&& without const.
  template <class Referred>
  static constexpr bool refers_to_mutable = ((std::is_same_v<T, Referred&> || std::is_same_v<T, Referred&&>) || ...);
};

template <class Member>
struct MemberSignature;
template <class R, class C, class... P>
struct MemberSignature<R (C::*)(P...)> : std::type_identity<TypeList<P...>> {};
template <class R, class C, class... P>
struct MemberSignature<R (C::*)(P...) const> : std::type_identity<TypeList<P...>> {};
template <class R, class C, class... P>
struct MemberSignature<R (C::*)(P...) noexcept> : std::type_identity<TypeList<P...>> {};
template <class R, class C, class... P>
struct MemberSignature<R (C::*)(P...) const noexcept> : std::type_identity<TypeList<P...>> {};
template <class R, class C, class... P>
struct MemberSignature<R (C::*)(P...)&> : std::type_identity<TypeList<P...>> {};
template <class R, class C, class... P>
struct MemberSignature<R (C::*)(P...) const&> : std::type_identity<TypeList<P...>> {};
template <class R, class C, class... P>
struct MemberSignature<R (C::*)(P...)& noexcept> : std::type_identity<TypeList<P...>> {};
template <class R, class C, class... P>
struct MemberSignature<R (C::*)(P...) const& noexcept> : std::type_identity<TypeList<P...>> {};

// The parameters of a function, or of an object with exactly one call operator. Every other callable is generic:
// `known` is false.
template <class F>
struct Signature {
  static constexpr bool known = false;
};
template <class F>
requires requires {
  &F::operator();
}
struct Signature<F> {
  static constexpr bool known = true;
  using Parameters = typename MemberSignature<decltype(&F::operator())>::type;
};
template <class R, class... P>
struct Signature<R (*)(P...)> {
  static constexpr bool known = true;
  using Parameters = TypeList<P...>;
};
template <class R, class... P>
struct Signature<R (*)(P...) noexcept> {
  static constexpr bool known = true;
  using Parameters = TypeList<P...>;
};

}  // namespace ws::dispatch
