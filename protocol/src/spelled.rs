//! An enum's spelling, written once for serde, display and parsing (and thereby for Postgres text columns).

/// Declares a plain enum whose variants have one spelling each.
macro_rules! spelled_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $spelling:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$variant_meta])* #[serde(rename = $spelling)] $variant,)+
        }

        impl $name {
            /// Every variant, in order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The one spelling, as in TOML, JSON and the database.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $spelling,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::spec::NotSpelled;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|variant| variant.as_str() == text).ok_or_else(|| {
                    $crate::spec::NotSpelled {
                        kind: stringify!($name),
                        found: text.to_owned(),
                        allowed: Self::ALL.iter().map(|variant| variant.as_str()).collect::<Vec<_>>().join(", "),
                    }
                })
            }
        }
    };
}
pub(crate) use spelled_enum;
